"""Small tables of observational facts that the demonstration is made of."""
