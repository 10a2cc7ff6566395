"""The keyboard of the machine that shows: operator input like any other."""

from installation.core.commands import ARM, BLACKOUT, CUE_SNAPSHOT, HOLD, NEXT, RELEASE, Command

KEYS = {"a": ARM, "n": NEXT, "h": HOLD, "b": BLACKOUT, "r": RELEASE, "s": CUE_SNAPSHOT}
PULSES = (ARM, NEXT, RELEASE, CUE_SNAPSHOT)


def command(key: str, now: float) -> Command | None:
    """What a key asks for at ``now`` (s): n the next piece, h hold or go on, b blackout or light, r release,
    a arms the next blackout where the show asks for that, s a snapshot."""
    address = KEYS.get(key)
    return None if address is None else Command(address, 1.0 if address in PULSES else None, now, "keyboard")
