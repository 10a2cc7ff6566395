"""A file without a Config, as one that is being written."""
