"""rename: gives names to a model's directions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from installation.training.command_line.options import argument, model_argument, option

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


@dataclass(frozen=True)
class Options:
    model: Path = model_argument()
    names: tuple[str, ...] = argument("what it is called now, and the new name", str, "NOW=NAME", "*")
    list: bool = option(False, "print the directions, change nothing")


def run(options: Options) -> None:
    from installation.core.errors import OptionError
    from installation.training.latent.naming import renamed, table

    if not options.names and not options.list:
        raise OptionError("rename: give NOW=NAME, such as 1=age, or --list.")
    if options.list and options.names:
        raise OptionError("rename: --list changes nothing; leave out what shall be renamed, or --list.")
    print(table(options.model) if options.list else renamed(options.model, options.names))
