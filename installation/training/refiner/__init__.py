"""Training a refiner: a small conditional GAN that learns to paint detail on what a VAE paints (see run.py).

It holds two networks: the VAE, which is frozen, and the refiner.
"""
