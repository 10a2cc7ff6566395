"""The supported kinds of network. Standard library only."""

MODELS = ("gan", "vae")
"""Those that can be trained from pictures: each is a folder with a run.py (see loop/run.py)."""
EXPORTED = (*MODELS, "refiner", "brush", "distil")
"""Kinds of checkpoint that a model file can be written from."""
