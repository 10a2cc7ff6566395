"""The steps of the chain, a file each; see `installation.training.cli`."""
