"""The messages between the supervisor and the alerts process: one definition, which both ends read and write.

To the alerts process: ``Standing`` once a second. To the supervisor: ``Unsent`` when that changes, and the heartbeat of
every child (installation/core/pipe.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Standing:
    """All the trouble that there is, by subject: ``reasons`` why the show is not well, ``notes`` what it goes on
    without."""

    reasons: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unsent:
    """Why messages are not sent, a sentence for each way to send that does not work."""

    why: tuple[str, ...] = ()
