"""From a folder of pictures to a model that hangs: `python -m installation.training --help`."""
