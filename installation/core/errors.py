"""The errors shown to users. A message has the position, what was found, what was expected and what to do."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from installation.core.clean_text import clean


class VernissageError(Exception):
    """The root of the tree: ``str()`` of it is a complete message for the user."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a show file: where it stands, what was found, what was expected, what was perhaps meant."""

    file: str
    line: int
    key: str
    found: str
    expected: str
    hint: str = ""

    def __str__(self) -> str:
        """On one line, which a terminal may be given whatever the show's files hold."""
        tail = f"; {self.hint}" if self.hint else ""
        text = f"{self.file}:{self.line}: {self.key}: found {self.found}, expected {self.expected}{tail}"
        return clean(text, len(text))


class ShowError(VernissageError, ValueError):
    """A show file that cannot be played. ``faults`` holds every fault found, in the order of the file."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: (fault.file, fault.line)))
        super().__init__("\n".join(map(str, self.faults)))


class Refused(VernissageError, ValueError):
    """What an option's validator raises: what was expected and, if it can tell, what was meant. The show's reader adds
    the file, the line, the key and what was found; ``found`` is given where the value alone does not say it."""

    def __init__(self, expected: str, hint: str = "", found: str = "") -> None:
        self.expected, self.hint, self.found = expected, hint, found
        super().__init__(f"expected {expected}" + (f"; {hint}" if hint else ""))


class PartError(VernissageError, LookupError):
    """A generator, sensor, transition or walk that does not exist or does not keep its contract."""


class MissingDependency(VernissageError, ImportError):
    """A library that is not installed, and the line that installs it."""


class ModelError(VernissageError, ValueError):
    """A model file that is missing, truncated, of another architecture, or holds numbers that are not finite. Names in
    the message may come from the file, so it is one line of bounded length, without control characters."""

    LONGEST = 1000

    def __init__(self, what: str) -> None:
        if len(what) > self.LONGEST:
            what = f"{what[: self.LONGEST // 2]} ... {what[-self.LONGEST // 2 :]}"
        super().__init__("".join(letter if letter.isprintable() else "?" for letter in what))


class DeviceError(VernissageError, OSError):
    """A camera, sound card, port, display or GL driver that is not there or not free."""


LOST = 3
"""The exit status of a show whose display is gone: start it again."""


class DisplayLost(DeviceError):
    """The display or the graphics card was lost while the show runs; the supervisor may restart the show."""


class AlertError(VernissageError, OSError):
    """A message about trouble that was not sent; says why."""


class FrameError(VernissageError, ValueError):
    """Bytes from another process that are no valid message, or exceed its limit."""


class OptionError(VernissageError, ValueError):
    """An option of the artist's chain that does not fit; says which, and what to give."""


class TrainingError(VernissageError, RuntimeError):
    """Training cannot start or go on; says why and what to do."""


class ControlError(VernissageError, ValueError):
    """A value that a control does not take."""


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """``did you mean "psi"?`` for the nearest of ``names``, or an empty string when nothing is near. Never ``name``."""
    known = {known.lower(): known for known in names if known != name}
    near = get_close_matches(name.lower(), known, n=1, cutoff=0.6)
    return f'did you mean "{known[near[0]]}"?' if near else ""
