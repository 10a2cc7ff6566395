"""Pages on this machine alone, in which a person decides what measures cannot: which pictures, which places."""
