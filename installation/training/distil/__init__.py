"""Teaching a small network to paint as a larger one does (see run.py)."""
