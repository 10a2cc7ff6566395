"""rename: the artist's names for what the directions do."""

from __future__ import annotations

import argparse

from installation.training.commands._options import add_model

ORDER = 61
HELP = "name the directions"
DESCRIPTION = """\
Gives directions of a model your own names: by what they are called now, which is their number at first.
  PROGRAM rename mine.safetensors 1=age 2="light from the left"
  PROGRAM rename mine.safetensors age=youth
  PROGRAM rename mine.safetensors --list

The name is what operators read. In lower case and with hyphens it is the last word of the knob's address:
/generator/direction/light-from-the-left. A name without Latin letters keeps the number there. A show file that names
the old address must be changed; the old number as a name takes a name away again: age=1.
"""


def options(parser: argparse.ArgumentParser) -> None:
    add_model(parser)
    parser.add_argument("names", nargs="*", metavar="NOW=NAME", help="what it is called now, and the new name")
    parser.add_argument("--list", action="store_true", help="print the directions, change nothing")


def run(arguments: argparse.Namespace) -> None:
    from installation.core.errors import OptionError
    from installation.training.latent.naming import renamed, table

    if not arguments.names and not arguments.list:
        raise OptionError("rename: give NOW=NAME, such as 1=age, or --list.")
    if arguments.list and arguments.names:
        raise OptionError("rename: --list changes nothing; leave out what shall be renamed, or --list.")
    print(table(arguments.model) if arguments.list else renamed(arguments.model, arguments.names))
