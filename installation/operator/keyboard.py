"""The keyboard of the machine that shows: operator input like any other."""

from collections.abc import Mapping

from installation.core.commands import ARM, BLACKOUT, CUE_SNAPSHOT, HOLD, NEXT, RELEASE, Command

KEYS = {"a": ARM, "n": NEXT, "h": HOLD, "b": BLACKOUT, "r": RELEASE, "s": CUE_SNAPSHOT}
PULSES = (ARM, NEXT, RELEASE, CUE_SNAPSHOT)


def command(key: str, now: float, votes: Mapping[str, str]) -> Command | None:
    """What a key asks for at ``now`` (s): n the next piece, h hold or go on, b blackout or light, r release,
    a arms the next blackout where the show asks for that, s a snapshot; ``votes`` has the keys by which visitors vote,
    and the commands of those."""
    address = KEYS.get(key)
    if address is None:
        return Command(votes[key], 1.0, now, "keyboard") if key in votes else None
    return Command(address, 1.0 if address in PULSES else None, now, "keyboard")
