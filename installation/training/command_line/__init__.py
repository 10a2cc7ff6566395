"""Options as dataclasses, and commands as written into files. Standard library only."""
