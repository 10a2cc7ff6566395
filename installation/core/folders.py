"""Where this program keeps what it makes: beside a checkout, and in the user's own folders where it was installed."""

from pathlib import Path

from installation.core.parts import ROOT

NAME = "vernissage"

REPORTS = "reports"
"""The folder of a show's state folder with a page for each day."""


PORTRAITS = "portraits"
"""That with the portraits of the days."""


def state_folder() -> Path:
    """For what must survive a restart, and what was computed once: ``state/`` of a checkout, else the user's folder for
    data (on Linux ~/.local/share/vernissage, or as XDG_DATA_HOME says)."""
    if (ROOT / "run_show.py").is_file():
        return ROOT / "state"
    import platformdirs  # only an installed program needs it

    return platformdirs.user_data_path(NAME, appauthor=False)


def port_folder() -> Path:
    """The folder of the lock files for the ports of this user's shows, whatever folder each was started from."""
    import platformdirs

    return platformdirs.user_cache_path(NAME, appauthor=False) / "ports"
