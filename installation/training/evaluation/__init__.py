"""What a model is worth, in figures and pictures: `python3 run_show.py evaluate --help`.

likeness   how alike two pictures are; fingerprints
measures   the figures of sets of pictures: pure functions, from arrays to numbers
surface    patterns locked to a place, power of the finest detail, lattices: pure functions as well
faces, eyes           where landmarks lie; whether the two eyes of a face agree
landmark_network, tflite    the network that finds landmarks, from a file that the user brings
efficientnet_lite2    features for KID, from a package with weights
inception  features for KID and FID, from a file that the user brings
subject    the model at work: samples, walks, strips, reconstructions
parts, near    the parts of an evaluation; result: what a part comes to
memory     which parts are remembered
session    the command: which part is computed; report.json
summary    a line for each question
charts, page, card    what is read: drawings, the report, the model card
"""
