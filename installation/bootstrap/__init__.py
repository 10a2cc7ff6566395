"""Makes the environment on the first start, repairs it, and starts the program in it. Standard library only.

Everything is in one folder beside the code, ``.venv``: the packages, ``setup.log``, and for each layer a stamp that is
written last, so that what was interrupted is never taken for done. Deleting the folder starts afresh.
"""

from collections.abc import Sequence

from installation.bootstrap.home import Home, Layer

RUN = Layer("requirements.lock", ("libegl1", "libgl1", "libgl1-mesa-dri", "libportaudio2", "libfribidi0"), 380)
TESTS = Layer(
    "requirements-tests.lock",
    ("chromium", "liblo-tools", "pulseaudio", "pulseaudio-utils", "libasound2-plugins"),
    240,
)


def prepare(home: Home, layers: Sequence[Layer]) -> int:
    """Makes what the environment lacks of ``layers``, showing how far it is. Returns the exit code, 0 for success."""
    if not home.lacks(layers):
        return 0
    from installation.bootstrap.install import install  # only a first start pays for it

    return install(home, layers)
