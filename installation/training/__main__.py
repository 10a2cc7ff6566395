import sys

from installation.training.cli import program

if __name__ == "__main__":
    sys.exit(program(sys.argv[1:]))
