"""The outputs of a show, opened as a run opens them."""

import socket
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from installation.core.dmx import read
from installation.options import Options
from installation.outlets import Outlets
from installation.showfile.load import load
from tests.outputs.test_output_contract import decision
from tests.timeout import TIMEOUT

SHOW = """
[show]
title = "Lamps"
[[output]]
kind = "dmx"
host = "127.0.0.1"
port = {port}
fixture = [{{ channel = 1, picture = "rgb" }}, {{ channel = 4, control = "generator/detail" }}]
[[piece]]
name = "plasma"
duration = "1 min"
generator = "plasma"
walk = "wander"
"""


class White:
    """A stage whose picture is white."""

    size = (160, 90)

    def read_small(self) -> Any:
        return np.full((9, 16, 3), 255, np.uint8)


def test_a_shows_lamps_are_told_its_picture_and_its_controls(tmp_path: Path) -> None:
    path = tmp_path / "lamps.toml"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as node, ExitStack() as rooms:
        node.bind(("127.0.0.1", 0))
        node.settimeout(TIMEOUT)
        path.write_text(SHOW.format(port=node.getsockname()[1]))
        stage: Any = White()
        outlets = Outlets(load(path), stage, 1 / 30, Options(path), None, None, rooms)
        outlets.show(decision(0.0))
        packet = read("sacn", node.recv(1024))
    assert packet is not None
    assert packet.data == b"\xff\xff\xff\0"


def test_an_output_that_cannot_work_here_is_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        from installation.core.errors import DeviceError

        raise DeviceError("no lamp here")

    path = tmp_path / "lamps.toml"
    path.write_text(SHOW.format(port=1))
    monkeypatch.setattr("installation.outputs.dmx.Config.open", broken)
    stage: Any = White()
    with ExitStack() as rooms:
        outlets = Outlets(load(path), stage, 1 / 30, Options(path), None, None, rooms)
    assert outlets.outputs == []
    assert "no lamp here; the show goes on without this output" in caplog.text
