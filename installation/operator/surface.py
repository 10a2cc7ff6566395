"""A show's control surface, whatever program shows it: pages of knobs, buttons and meters, from the show's tables.

The first page runs the night; then comes a page for each piece, the wall's knobs, cues, the sensors' meters and votes.
The writers (TouchOSC, Open Stage Control) place what is here, and add nothing to it.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from installation import __version__
from installation.core import readouts
from installation.core.commands import (
    ARM,
    BLACKOUT,
    CUE_BACK,
    CUE_GO,
    CUE_PANIC,
    CUE_SNAPSHOT,
    HOLD,
    NEXT,
    PIECE,
    RELEASE,
    TASTE_RESET,
    VOTE_LEFT,
    VOTE_LIKE,
    VOTE_PASS,
    VOTE_RIGHT,
    WALK_BACK,
    WALK_KICK,
    WALK_NEXT,
    cue_address,
)
from installation.core.controls import MASTER, Control, pairs
from installation.core.readouts import Readout
from installation.operator.poster_colour import Rgb, poster_colour
from installation.showfile.load import Piece, Show

AMBER, RED, TEAL, BLUE, GREY = (
    (0.8, 0.58, 0.25),
    (0.72, 0.32, 0.28),
    (0.3, 0.58, 0.5),
    (0.36, 0.48, 0.74),
    (0.52, 0.5, 0.48),
)


@dataclass(frozen=True, slots=True)
class Knob:
    """Any control that keeps a value: a fader, a switch or a choice, as its type says."""

    control: Control
    caption: str
    doc: str = ""

    @property
    def hand(self) -> str:
        """The readout of who has it."""
        return readouts.hand_address(self.control.address)


@dataclass(frozen=True, slots=True)
class Pad:
    """Two controls that pair, ``.../x`` and ``.../y``, under one finger."""

    x: Control
    y: Control
    caption: str


@dataclass(frozen=True, slots=True)
class Press:
    """Sends ``value`` to ``address`` when pressed. ``lamp`` is a readout that lights it."""

    caption: str
    address: str
    value: int = 1
    colour: Rgb = GREY
    lamp: str = ""


@dataclass(frozen=True, slots=True)
class Armed:
    """A switch that goes on in two steps: armed first, and disarmed again after some seconds. It goes off in one.
    ``arm`` is the command that arms it in the show, where the show asks for that too."""

    control: Control
    caption: str
    arm: Control | None = None


@dataclass(frozen=True, slots=True)
class Meter:
    """Shows a readout that is a number; ``count`` is one whose number is shown beside it."""

    readout: Readout
    caption: str
    count: str = ""


Widget = Knob | Pad | Press | Meter


@dataclass(frozen=True, slots=True)
class Page:
    """``top`` stands above the others: what to press for the page as a whole."""

    name: str
    colour: Rgb
    widgets: tuple[Widget, ...]
    top: tuple[Press, ...] = ()


@dataclass(frozen=True, slots=True)
class Desk:
    """The first page: the show. ``cues`` are go and back, or none."""

    cues: tuple[Press, ...]
    steer: tuple[Press | Knob, ...]
    pieces: tuple[Press, ...]
    master: Knob | None
    blackout: Armed
    let_go: tuple[Press, ...]


@dataclass(frozen=True, slots=True)
class Surface:
    """``stamp`` says which show and which version this was written from."""

    title: str
    stamp: str
    desk: Desk
    pieces: tuple[Page, ...]
    others: tuple[Page, ...]


def surface(show: Show) -> Surface:
    """The surface of a show, in its first language."""
    commands, controls = show.commands(), show.controls()
    others = (
        Page("wall", RED, _widgets(one for one in controls.values() if _is_stage(one) and one.address != MASTER)),
        Page("walk", TEAL, WALK),
        Page("ballot", BLUE, BALLOT),
        Page("cues", AMBER, _cues(show, commands)),
        Page("sensors", TEAL, _meters(show)),
        Page("votes", BLUE, _votes(show)),
    )
    return Surface(
        show.title_in(show.languages[0]),
        _stamp(show, {**commands, **controls}),
        _desk(show, commands, controls),
        tuple(_piece(index, piece) for index, piece in enumerate(show.pieces)),
        tuple(page for page in others if page.widgets),
    )


def _stamp(show: Show, table: Mapping[str, Control]) -> str:
    """The show file, eight digits of the control table's digest, and the program's version."""
    digest = hashlib.sha256("\n".join(map(repr, table.values())).encode()).hexdigest()[:8]
    return f"{show.path.name} · {digest} · Vernissage {__version__}"


# ---------------------------------------------------------------- the first page


def _desk(show: Show, commands: Mapping[str, Control], controls: Mapping[str, Control]) -> Desk:
    go = (Press("GO", CUE_GO, colour=TEAL), Press("back", CUE_BACK)) if CUE_GO in commands else ()
    panic = (Press("panic", CUE_PANIC, colour=RED),) if CUE_PANIC in commands else ()
    switches = [one for one in commands.values() if one.type == "bool" and one.address not in (HOLD, BLACKOUT, ARM)]
    return Desk(
        cues=go,
        steer=(
            Press("next", NEXT, colour=AMBER),
            Knob(commands[HOLD], "hold"),
            *(Knob(one, one.address.rpartition("/")[2]) for one in switches),
        ),
        pieces=tuple(_hang(index, piece) for index, piece in enumerate(show.pieces)),
        master=Knob(controls[MASTER], "master") if MASTER in controls else None,
        blackout=Armed(commands[BLACKOUT], "blackout", commands.get(ARM)),
        let_go=(Press("release", RELEASE), Press("keep", CUE_SNAPSHOT), *panic),
    )


def _hang(index: int, piece: Piece) -> Press:
    return Press(piece.name, PIECE, index, poster_colour(piece.poster) or GREY, readouts.lamp(index))


# ---------------------------------------------------------------- the others


def _is_stage(control: Control) -> bool:
    return control.address.startswith("/stage/")


def _piece(index: int, piece: Piece) -> Page:
    own = (one for one in piece.controls().values() if not _is_stage(one) and one.type != "pulse")
    press = _hang(index, piece)
    shown = Press(f"hang {piece.name}", press.address, press.value, press.colour, press.lamp)
    return Page(piece.name, press.colour, _widgets(own), (shown,))


WALK = (
    Press("place before", WALK_BACK),
    Press("next place", WALK_NEXT, colour=AMBER),
    Press("kick", WALK_KICK, colour=AMBER),
)


def _cues(show: Show, commands: Mapping[str, Control]) -> tuple[Press, ...]:
    return tuple(Press(cue.name, cue_address(cue.name)) for cue in show.plan.cues if cue_address(cue.name) in commands)


def _meters(show: Show) -> tuple[Meter, ...]:
    told = readouts.readouts((), show.signals(), ())
    levels = [one for one in show.signals() if not one.pulse]
    lone = f"{show.sensors[0].name}." if len(show.sensors) == 1 else ""
    return tuple(Meter(told[readouts.signal_address(one.name)], _spaced(one.name.removeprefix(lone))) for one in levels)


def _spaced(name: str) -> str:
    return name.replace("_", " ").replace(".", " ")


BALLOT = (
    Press("like", VOTE_LIKE, colour=TEAL),
    Press("pass", VOTE_PASS),
    Press("vote left", VOTE_LEFT, colour=BLUE),
    Press("vote right", VOTE_RIGHT, colour=BLUE),
    Press("forget likes", TASTE_RESET, colour=RED),
)


def _votes(show: Show) -> tuple[Meter, ...]:
    """The panel counts them, so they are told where it hangs."""
    if not (show.web.enabled and show.stage.panel):
        return ()
    names = [piece.name for piece in show.pieces]
    told = readouts.readouts(names, (), ())
    return tuple(Meter(told[readouts.share(index)], name, readouts.votes(index)) for index, name in enumerate(names))


def _widgets(controls: Iterable[Control]) -> tuple[Widget, ...]:
    """A widget for each control, one for each pair; captions differ, and a doc is there where it says more."""
    listed = list(controls)
    found = pairs({one.address: one for one in listed})
    pads = {x.address: Pad(x, y, stem.rpartition("/")[2]) for stem, (x, y) in found.items()}
    second = {pad.y.address for pad in pads.values()}
    captions = _captions(one.address for one in listed)
    return tuple(
        pads.get(one.address) or Knob(one, _with_unit(captions[one.address], one), _doc(one))
        for one in listed
        if one.address not in second
    )


def _captions(addresses: Iterable[str]) -> dict[str, str]:
    """``speed`` of ``/walk/speed``, ``light`` of ``/generator/direction/light``; more of the address where two of them
    would read alike or a number would stand alone."""
    words = {address: address.strip("/").split("/") for address in addresses}
    last = Counter(parts[-1] for parts in words.values())
    alone = {address: last[parts[-1]] == 1 and not parts[-1].isdigit() for address, parts in words.items()}
    return {address: parts[-1] if alone[address] else " ".join(parts[1:]) for address, parts in words.items()}


def _is_direction(control: Control) -> bool:
    return control.address.startswith("/generator/direction/")


def _with_unit(caption: str, control: Control) -> str:
    """Directions all count in the same steps."""
    return f"{caption} ({control.unit})" if control.unit and not _is_direction(control) else caption


def _doc(control: Control) -> str:
    """What it does, where its name does not say it all: a direction's does."""
    return "" if _is_direction(control) else control.doc
