"""Makes the environment on the first start, repairs it, and starts the program in it. Standard library only.

Everything is in one folder beside the code, ``.venv``: the packages, ``setup.log``, and for each layer a stamp file
that is written last, so that an interrupted set-up is never taken for complete. To set up again, delete the folder.
"""

from collections.abc import Sequence

from installation.bootstrap.home import Home, Layer

RUN = Layer("requirements.lock", ("libegl1", "libgl1", "libgl1-mesa-dri", "libportaudio2", "libfribidi0"), 440)
TESTS = Layer(
    "requirements-tests.lock",
    ("chromium", "liblo-tools", "pulseaudio", "pulseaudio-utils", "libasound2-plugins"),
    180,
)


def prepare(home: Home, layers: Sequence[Layer]) -> int:
    """Installs those ``layers`` that the environment lacks and shows the progress. Returns the exit code, 0 for
    success."""
    if not home.lacks(layers):
        return 0
    from installation.bootstrap.install import install  # imported here: only a first start needs it

    return install(home, layers)
