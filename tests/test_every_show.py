"""Every show file that there is can be played: a new one is tried when it appears."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from installation.core.parts import ROOT
from installation.showfile.load import load
from tests.timeout import TIMEOUT

SHOWS = sorted(path for path in (ROOT / "shows").glob("*.toml") if "." not in path.stem)


@pytest.mark.parametrize("path", SHOWS, ids=lambda path: path.stem)
def test_it_has_no_fault(path: Path) -> None:
    show = load(path)
    for piece in show.pieces:
        table = piece.controls()
        assert set(piece.rests()) == {address for address, control in table.items() if control.type != "pulse"}
        assert {wire.address for wire in piece.wires} <= {*table, *show.commands()}


@pytest.mark.gl
@pytest.mark.slow
@pytest.mark.parametrize("path", SHOWS, ids=lambda path: path.stem)
def test_it_plays(path: Path, tmp_path: Path) -> None:
    """The program itself plays it, headless: every piece becomes resident, the first is painted, nothing breaks."""
    report, still = tmp_path / "report.json", tmp_path / "wall.png"
    line = [sys.executable, "-m", "installation.app", str(path), "--headless", "--size", "480x270"]
    line += ["--report", str(report), "--still", str(still)]
    models = any("model" in type(piece.generator).model_fields for piece in load(path).pieces)
    for seconds in ("16", "80") if models else ("5", "80"):  # a busy machine may take its time
        done = subprocess.run(
            [*line, "--seconds", seconds], cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT * 2
        )
        assert done.returncode == 0, done.stderr
        said = json.loads(report.read_text("utf-8"))
        if done.stderr.count("is resident") >= len(load(path).pieces) and said["painter"]["frames"] > 10:
            break
    assert "Traceback" not in done.stderr
    for piece in load(path).pieces:
        assert f"{piece.name} is resident" in done.stderr
        assert not [error for error in said["errors"] if error.startswith(f"{piece.name}: ")]
    assert said["painter"]["frames"] > 10
    assert np.asarray(Image.open(still)).std() > 5
