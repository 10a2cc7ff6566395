"""The checks: a group in each file, which has one ``GROUP``."""
