"""What a model is worth, in figures and pictures: `python -m installation.training evaluate --help`.

likeness   how alike two pictures are; fingerprints
measures   the figures of sets of pictures: pure functions, from arrays to numbers
subject    the model at work: samples, walks, strips, reconstructions
inception  features for KID and FID, from a file that the user brings
session    which part is computed, which is remembered; report.json
charts, page, card    what is read: drawings, the report, the model card
"""
