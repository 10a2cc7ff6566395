"""Writes the files with which other programs become a show's control surface."""

import logging
import socket
import threading
from pathlib import Path

from installation.core.atomic_write import write_whole
from installation.operator.stage_control import session
from installation.operator.surface import surface
from installation.operator.touchosc import SCREENS, layout
from installation.showfile.load import Show

log = logging.getLogger(__name__)


def keep_layouts(show: Show, folder: Path) -> None:
    """Writes the layouts of a running show into its state folder, where the web process finds them, in a thread of its
    own: that takes a fifth of a second of a processor."""
    if show.web.enabled and show.operator.enabled:
        threading.Thread(target=_keep_layouts, args=(show, folder), name="layouts", daemon=True).start()


def _keep_layouts(show: Show, folder: Path) -> None:
    made = surface(show)
    try:
        for path, size in zip(_paths(folder / "show.tosc"), SCREENS, strict=True):
            write_whole(path, layout(made, size))
    except OSError as error:
        log.warning("%s: the layouts for TouchOSC could not be written (%s)", folder, error.strerror or error)


def _paths(tablet: Path) -> tuple[Path, Path]:
    return tablet, tablet.with_stem(f"{tablet.stem}-phone")


def write_surfaces(show: Show, touchosc: Path | None, stage_control: Path | None) -> None:
    """The layouts and the session that were asked for, and what to do with each, printed."""
    if not (touchosc or stage_control):
        return
    made, port = surface(show), show.operator.port
    if touchosc:
        for path, size in zip(_paths(touchosc), SCREENS, strict=True):
            path.write_bytes(layout(made, size))
            print(f"{path}: for a {size}. Open it in TouchOSC, and connect it (OSC, UDP) to {_here()}, port {port}")
    if stage_control:
        stage_control.write_text(session(made), "utf-8")
        _tell_session(stage_control, port)
    if show.operator.bind == "127.0.0.1":
        print(f'{show.path} hears this machine alone: under [operator], write bind = "0.0.0.0" for other machines')


def _tell_session(path: Path, port: int) -> None:
    print(f"{path}: open-stage-control --send 127.0.0.1:{port} --port 8081 --osc-port 9000 --load {path}")


def _here() -> str:
    """This machine's name on its network, as far as it is known."""
    return socket.gethostname() or "this machine"
