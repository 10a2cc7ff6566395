"""Networks of other programs: read as data, recognised by their structure, written as model files of this program.

`pickle_machine` reads the opcodes of a pickle and builds plain values; `allowed` is the list of permitted names;
`containers` opens the files that hold pickles or tensors;
`stylegan2_ada`, `stylegan3` and `rosinality` each recognise one family of networks; `run` does the whole conversion.
"""
