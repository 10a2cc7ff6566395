"""The one program: hangs a show, or takes a step of the artist's chain where the first word names one."""

import signal
import sys
from typing import NoReturn

if __name__ == "__main__" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C before anything runs ends it without a traceback

from installation.core import invocation
from installation.options import DOCTOR, SERVICE_COMMANDS
from installation.training import cli


def program() -> NoReturn:
    """The entry point of ``python3 run_show.py`` and of ``vernissage``. Packages of a show are imported only for a
    show."""
    words = sys.argv[1:]
    if words and words[0] in (*cli.names(), *SERVICE_COMMANDS, DOCTOR):
        invocation.heed_interrupts()
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
