"""Why a control is where it is, in one sentence. Read beside the frames, by a thread that has the time."""

from installation.engine import cues
from installation.engine.arbiter import CUE, VOTES, WIRE
from installation.engine.decide import Decider


def why(decider: Decider, address: str) -> str:
    """``Someone waved 2 s ago; it goes back in 4 s.``"""
    playback, visits = decider.playback, decider.visits
    wired = decider.wirings[playback.lead].cause(address) if playback else ""
    causes = {
        CUE: cues.cause(decider.programming.player, address),
        VOTES: decider.told.get(address, ""),
        WIRE: (visits.cause(address) if visits else "") or wired or "nobody moves it",
    }
    return decider.arbiter.why(address, causes)
