"""Writes the files with which other programs become a show's control surface."""

import socket
from pathlib import Path

from installation.operator.stage_control import session
from installation.operator.surface import surface
from installation.operator.touchosc import SCREENS, layout
from installation.options import Options
from installation.showfile.load import Show


def write_surfaces(show: Show, options: Options) -> None:
    """The layouts and sessions that were asked for, and what to do with each, printed."""
    made, port = surface(show), show.operator.port
    if options.touchosc:
        tablet, phone = options.touchosc, options.touchosc.with_stem(f"{options.touchosc.stem}-phone")
        for path, size in zip((tablet, phone), SCREENS, strict=True):
            path.write_bytes(layout(made, size))
            print(f"{path}: for a {size}. Open it in TouchOSC, and connect it (OSC, UDP) to {_here()}, port {port}")
    if options.open_stage_control:
        options.open_stage_control.write_text(session(made), "utf-8")
        _tell_session(options.open_stage_control, port)
    if show.operator.bind == "127.0.0.1":
        print(f'{show.path} hears this machine alone: under [operator], write bind = "0.0.0.0" for other machines')


def _tell_session(path: Path, port: int) -> None:
    print(f"{path}: open-stage-control --send 127.0.0.1:{port} --osc-port 9000 --load {path}")


def _here() -> str:
    """This machine's name on its network, as far as it is known."""
    return socket.gethostname() or "this machine"
