"""Evaluation of a model, in figures and pictures: `python3 run_show.py evaluate --help`.

likeness   similarity of two pictures; fingerprints
measures   the figures of sets of pictures: pure functions, from arrays to numbers
surface    patterns at a fixed position, power of the finest detail, lattices: pure functions as well
faces, eyes           where landmarks lie; whether the two eyes of a face agree
landmark_network, tflite    the network that finds landmarks, from a file that the user provides
efficientnet_lite2    features for KID, from a package with weights
inception  features for KID and FID, from a file that the user provides
subject    outputs of the model: samples, walks, strips, reconstructions
parts, near    the parts of an evaluation; result: the result of a part
memory     the cache of results
session    the command: which part is computed; report.json
summary    the verdict on each question, in a line
charts, page, card    the output: charts, the report, the model card
"""
