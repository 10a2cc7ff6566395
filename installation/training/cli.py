"""The command line of training. A step is a module in `commands`; only the module of the step typed is imported.

`run_show.py` imports it before any package is installed. A step's module imports only the standard library and option
classes, and has

    ORDER        its position in the list of --help
    HELP         a line for the list of steps
    DESCRIPTION  the text of its own --help; PROGRAM in it is replaced by the command to type
    Options      its options, a class as described in command_line/options.py
    run(options) runs the step; raises VernissageError with a clear message
"""

from __future__ import annotations

import argparse
import errno
import importlib
import pkgutil
import sys
from collections.abc import Sequence
from types import ModuleType

from installation.core import invocation
from installation.core.errors import VernissageError
from installation.training import commands
from installation.training.command_line.options import add_options, read_options
from installation.training.cores import share_cores

EPILOG = """\
from pictures to a show; type `PROGRAM` before each line:
  prepare my_pictures --out ready                     squares of one size (--size 128), and a ledger of them
  screen ready                                        leaves out copies, blurred and framed ones; look, then decide
  screen ready --review                                 yourself, in your browser
  train ready --out shows/models/mine.safetensors     hours; sheet.png in mine.work shows how it goes
  refiner shows/models/mine.safetensors large --out shows/models/painted.safetensors
                                                      paints detail, at twice the size
  brush shows/models/painted.safetensors large --out shows/models/brushed.safetensors
                                                      the same for the screen, at twice the size again
  directions shows/models/mine.safetensors --sheet look.png
  rename shows/models/mine.safetensors 1=light        each is a knob of the show
  encoder shows/models/mine.safetensors --pictures ready
  encode shows/models/mine.safetensors me.jpg --out places --favourite "Me"
  evaluate shows/models/mine.safetensors ready --out report
  curate shows/models/mine.safetensors                favourites for the walk "gallery", and what no walk may show
  pace shows/models/mine.safetensors --show shows/mine.toml     its walks look even from the first second
  relief shows/models/mine.safetensors 42 --stl sitter.stl      one picture, to print in relief

from a network that another program trained (StyleGAN2-ADA, StyleGAN3 and others), without running its pickle:
  convert stylegan.pkl --out shows/models/mine.safetensors

Put 300 or more pictures of one kind of thing in a folder; 1,000 is comfortable. Train needs no other step before it:
it takes the folder of pictures as well. Each step says more with --help. What was stopped, by Ctrl-C or a power cut,
goes on with the same command.
"""


def names() -> tuple[str, ...]:
    """The names of all steps. Imports none."""
    return tuple(module.name for module in pkgutil.iter_modules(commands.__path__) if not module.name.startswith("_"))


def all_steps() -> dict[str, ModuleType]:
    """{name: module} in the order of the chain."""
    modules = {name: importlib.import_module(f"{commands.__name__}.{name}") for name in names()}
    return dict(sorted(modules.items(), key=lambda item: item[1].ORDER))


def listing() -> str:
    """A line for each step, in the order of the chain."""
    return "\n".join(f"  {name:<12}  {step.HELP}" for name, step in all_steps().items())


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(
        prog=invocation.program(),
        description="Makes a small generative network from your pictures, on an ordinary computer.",
        epilog=_typed(EPILOG),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    subparsers = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, step in all_steps().items():
        command = subparsers.add_parser(
            name,
            help=step.HELP,
            description=_typed(step.DESCRIPTION),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        add_options(command, step.Options)
        command.set_defaults(step=step)
    return root


def _typed(text: str) -> str:
    return text.replace("PROGRAM", invocation.program())


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The step and its arguments; exits with code 2 and a message on invalid ones, with 0 after --help."""
    return parser().parse_args(argv)


NO_ROOM = (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))


def told(error: OSError) -> str:
    """The message for an OSError: the system's error text, the file, and what to do."""
    advice = "Make room" if error.errno in NO_ROOM else "Set this right, or give another place"
    where = f"{error.filename or 'a file'}: cannot be read or written ({error.strerror or error})"
    return f"{where}. What was there is whole. {advice}; then the same command goes on."


def program(argv: Sequence[str]) -> int:
    """Runs `main` in a process whose waiting threads yield the processor (cores.py)."""
    share_cores()
    return main(argv)


def main(argv: Sequence[str]) -> int:
    """Runs a step. Returns exit code 0, or 2 after printing one error message."""
    if not argv:
        parser().print_help()
        return 0
    arguments = parse(argv)
    try:
        step = arguments.step
        step.run(read_options(step.Options, arguments))
    except VernissageError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"error: {told(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nstopped.", file=sys.stderr)
        return 130
    return 0
