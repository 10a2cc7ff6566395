"""Training a refiner: a small conditional GAN that learns to paint detail on what a VAE paints (see run.py).

Of all rooms of the training it alone knows two networks at once: the VAE, which stays as it is, and the refiner.
"""
