"""Two graphs beside each other: quanta, inputs, what was asked, what a change reaches."""
