"""The page of coadd groupings: the rule, the members and their balance."""
