"""The curator's door: ``python3 run_show.py`` makes the environment on its first start and hangs the show on every one.

Standard library only. This file has to parse on old Pythons, too, so that they can be told what is missing.
"""

import sys

if sys.version_info < (3, 11):
    sys.exit(
        "Vernissage needs Python 3.11 or newer; %s is %d.%d.\n"
        "Start it with a newer one by name, for example: python3.12 %s"
        % (sys.executable, sys.version_info[0], sys.version_info[1], " ".join(sys.argv))
    )

from installation import options
from installation.bootstrap import RUN, prepare
from installation.bootstrap.home import Home

if __name__ == "__main__":
    home, arguments = Home(), sys.argv[1:]
    if home.lacks([RUN]):
        options.parse(arguments)  # --help and mistakes are answered before anything is downloaded
    sys.exit(prepare(home, [RUN]) or home.hand_over("installation.supervised", arguments))
