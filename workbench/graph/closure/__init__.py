"""From what is asked to what is kept: requests, binding, demand, closure."""
