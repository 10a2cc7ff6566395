"""The one program: hangs a show, or takes a step of the artist's chain where the first word names one."""

import sys
from typing import NoReturn

from installation.options import DOCTOR, SERVICE_COMMANDS
from installation.training import cli


def program() -> NoReturn:
    """The entry point of ``python3 run_show.py`` and of ``vernissage``. Packages of a show are imported only for a
    show."""
    words = sys.argv[1:]
    if words and words[0] in cli.names():
        sys.exit(cli.program(words))
    if words and words[0] in SERVICE_COMMANDS:
        from installation import services

        sys.exit(services.program(words))
    if words and words[0] == DOCTOR:
        from installation import doctor_program

        sys.exit(doctor_program.program(words[1:]))
    from installation import supervised

    supervised.program()


if __name__ == "__main__":
    program()
