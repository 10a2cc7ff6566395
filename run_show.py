"""The entry point: ``python3 run_show.py`` makes the environment on its first start, then hangs the show, or takes a
step of the artist's chain: ``python3 run_show.py train``.

Standard library only. This file has to parse on old Pythons, too, so that they can be told what is missing.
"""

import signal
import sys

if sys.version_info < (3, 11):
    sys.exit(
        "Vernissage needs Python 3.11 or newer; %s is %d.%d.\n"
        "Start it with a newer one by name, for example: python3.12 %s"
        % (sys.executable, sys.version_info[0], sys.version_info[1], " ".join(sys.argv))
    )

if __name__ == "__main__" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C before anything runs ends it without a traceback

from installation import doctor_options, options
from installation.bootstrap import RUN, prepare
from installation.bootstrap.home import Home
from installation.core import invocation
from installation.training import cli

if __name__ == "__main__":
    invocation.heed_interrupts()
    home, arguments = Home(), sys.argv[1:]
    if home.lacks([RUN]):  # --help and mistakes are answered before anything is downloaded
        if arguments and arguments[0] in cli.names():
            cli.parse(arguments)
        elif arguments and arguments[0] in options.SERVICE_COMMANDS:
            options.parse(arguments[1:])
        elif arguments and arguments[0] == options.DOCTOR:
            doctor_options.parse(arguments[1:])
        else:
            options.parse(arguments)
    called = {invocation.VARIABLE: invocation.program()}
    sys.exit(prepare(home, [RUN]) or home.hand_over("installation.program", arguments, called))
