"""Training a brush: a small refiner behind all that a model paints, for the screen (see windows.py).

It is trained as a refiner is, by refiner/learner.py; what differs is what it is given and how large it is.
"""
