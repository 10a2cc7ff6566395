"""Training a refiner: a small conditional GAN that learns to paint detail on what a model paints (see run.py).

It holds two networks: the model's own, which is frozen, and the refiner.
"""
