"""Models of others: read as data, told by their structure, written as model files of this program.

`pickle_machine` reads the opcodes of a pickle and builds plain values; `allowed` is the list of names that it may meet;
`containers` opens the files that hold pickles or tensors;
`stylegan2_ada`, `stylegan3` and `rosinality` each know a network by its structure; `run` is the whole way.
"""
