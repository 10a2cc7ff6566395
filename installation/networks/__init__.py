"""Networks that painting and training share."""
