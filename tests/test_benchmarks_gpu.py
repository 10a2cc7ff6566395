"""What is done on a borrowed machine with a graphics card, rehearsed on the processor."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from benchmarks.gpu import kept
from benchmarks.gpu.model import model
from benchmarks.gpu.pack import pack, unpack
from benchmarks.gpu.proofs import are_kept
from benchmarks.gpu.schedule import FEWEST, FROM_NOTHING, affordable, going_on, present
from installation.core.errors import TrainingError
from installation.networks.model_generator import opened, proofs
from installation.networks.runtime import Eager
from installation.training.cli import main
from installation.training.dataset.ledger import LEDGER, Ledger
from installation.training.dataset.pictures import PicturesError, load_prepared
from installation.training.loop.devices import Devices
from installation.training.loop.schedule import Phase
from tests.timeout import TIMEOUT
from tests.tiny_training import RECIPE, discs, tiny

ROOT = Path(__file__).resolve().parent.parent
SPEEDS = {64: 1500.0, 128: 700.0, 256: 300.0}

LACKING = [
    "aiohttp",
    "astral",
    "av",
    "font_source_serif_pro",
    "holidays",
    "icalendar",
    "jinja2",
    "moderngl",
    "platformdirs",
    "prometheus_client",
    "psutil",
    "pygame",
    "pythonosc",
    "segno",
    "sounddevice",
    "tensorboardX",
    "tomlkit",
]
"""What a bare machine with a graphics card lacks and nobody has to carry there."""

BARE = f"""
import runpy, sys
for name in {LACKING!r}:
    sys.modules[name] = None
sys.argv = ["gpu", *sys.argv[1:]]
runpy.run_module("benchmarks.gpu", run_name="__main__", alter_sys=True)
"""


def gpu(*words: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-c", BARE, *words]
    return subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=8 * TIMEOUT)


# -- the schedule -----------------------------------------------------------------------------------------------------


def test_the_plan_is_kept_where_there_is_time_and_stretched_where_there_is_more() -> None:
    needed = sum(1000 * kimg / SPEEDS[size] for size, kimg in FROM_NOTHING.items())
    assert affordable(FROM_NOTHING, SPEEDS, needed) == tuple(Phase(*stage) for stage in FROM_NOTHING.items())
    assert [stage.kimg for stage in affordable(FROM_NOTHING, SPEEDS, 2 * needed)] == [200, 700, 400]


def test_the_largest_size_is_left_out_where_little_of_it_could_be_seen() -> None:
    needed = sum(1000 * kimg / SPEEDS[size] for size, kimg in FROM_NOTHING.items())
    stages = affordable(FROM_NOTHING, SPEEDS, 0.9 * FEWEST * needed)
    assert [stage.resolution for stage in stages] == [64, 128]
    assert sum(1000 * s.kimg / SPEEDS[s.resolution] for s in stages) == pytest.approx(0.9 * FEWEST * needed, rel=0.01)
    assert affordable(FROM_NOTHING, SPEEDS, -5.0) == (Phase(64, 0.001),)


def test_what_was_seen_counts_when_it_goes_on() -> None:
    past = (Phase(64, 100.0), Phase(128, 50.0))
    assert present(past, 120_000) == (128, 20.0)
    assert present(past, 160_000) == (128, 60.0)
    stages = going_on(past, 120_000, FROM_NOTHING, SPEEDS, 3600.0)
    assert [stage.resolution for stage in stages] == [64, 128, 256]
    assert stages[0].kimg == 100.0
    ahead = {128: stages[1].kimg - 20.0, 256: stages[2].kimg}
    assert sum(1000 * kimg / SPEEDS[size] for size, kimg in ahead.items()) == pytest.approx(3600.0, rel=0.01)


# -- what is kept -----------------------------------------------------------------------------------------------------


def test_a_training_goes_on_from_what_is_kept(
    devices: Devices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "MOST", 20_000)
    run = tiny(devices)
    for _ in range(3):
        run.step()
        kept.keep(run, tmp_path)
    files = sorted(path.name for path in tmp_path.glob("*.safetensors"))
    assert all(path.stat().st_size <= 20_000 for path in tmp_path.glob("*.safetensors"))
    assert len([name for name in files if name.startswith("average-")]) > 1
    listed = kept.read(tmp_path)
    assert listed is not None
    assert sorted(name for names in listed["files"].values() for name in names) == files
    again = tiny(devices)
    kept.restore(again, tmp_path, listed, replace(RECIPE, stages=(Phase(8, 0.05),)))
    assert again.progress.images == run.progress.images == 24
    assert again.timetable.total == 50
    for one, other in zip(run.weights(), again.weights(), strict=True):
        torch.testing.assert_close(one, other, atol=1e-3, rtol=1e-3)
    again.step()
    with Image.open(tmp_path / kept.SHEET) as sheet:
        assert sheet.size[0] > 16


def test_a_model_is_made_of_what_is_kept(devices: Devices, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="holds no training"):
        model(tmp_path, tmp_path / "m.safetensors")
    run = tiny(devices)
    run.step()
    kept.keep(run, tmp_path)
    model(tmp_path, tmp_path / "m.safetensors", "CC0-1.0")
    network = opened(tmp_path / "m.safetensors", 0, "cpu").network
    assert network.resolution == 8
    assert are_kept(Eager(network.synthesis, proofs(network)), proofs(network))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five pictures, and a sixth that its ledger withholds."""
    folder = tmp_path_factory.mktemp("pictures")
    raw, ready = folder / "raw", folder / "ready"
    raw.mkdir()
    for number, picture in enumerate(discs(6)):
        Image.fromarray(picture).save(raw / f"{number}.png")
    assert main(["prepare", str(raw), "--out", str(ready), "--size", "16"]) == 0
    rows = Ledger.read(ready / LEDGER)
    rows.add_columns(["keep"])
    next(iter(rows.rows.values()))["keep"] = "no"
    rows.write(ready / LEDGER)
    return ready


def packing(*words: object) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "benchmarks.gpu.pack", *map(str, words)]
    return subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT)


def test_pictures_are_carried(prepared: Path, tmp_path: Path) -> None:
    """All of them, and what is told of each; there they are a prepared folder again."""
    assert packing(prepared, tmp_path / "packed").returncode == 0
    assert packing("--unpack", tmp_path / "packed", tmp_path / "again").returncode == 0
    for screened, count in ((True, 5), (False, 6)):
        first, again = (load_prepared(folder, screened) for folder in (prepared, tmp_path / "again"))
        assert again.facts == first.facts
        assert again.pictures.shape == first.pictures.shape == (count, 16, 16, 3)
        assert np.abs(again.pictures.astype(int) - first.pictures).mean() < 6


def test_a_picture_that_was_not_carried_is_told(prepared: Path, tmp_path: Path) -> None:
    missing = packing("--unpack", prepared.parent / "raw", tmp_path / "again")
    assert (missing.returncode, len(missing.stderr.splitlines())) == (1, 1)
    assert "holds no packed pictures. First: python -m benchmarks.gpu.pack PREPARED" in missing.stderr
    pack(prepared, tmp_path / "packed")
    (tmp_path / "packed" / "00004.jpg").unlink()
    with pytest.raises(PicturesError, match=r"00004.jpg: is missing, of 6 pictures"):
        unpack(tmp_path / "packed", tmp_path / "again")


# -- all of it --------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_without_a_graphics_card_it_says_so_in_one_line(tmp_path: Path) -> None:
    done = gpu("--minutes", "1", "--out", str(tmp_path / "out"))
    assert done.returncode == 2, done.stderr
    assert len(done.stdout.splitlines()) == 1
    assert done.stdout.startswith("No CUDA device: torch ")
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_rehearsal_on_a_bare_machine(tmp_path: Path) -> None:
    """It neither loads films nor a window; and the same command goes on."""
    out = tmp_path / "out"
    first, done = (gpu("--rehearse", "--minutes", "0.2", "--out", str(out)) for _ in range(2))
    assert (first.returncode, done.returncode) == (0, 0), first.stderr + done.stderr
    assert "Late frames were not measured: " in first.stdout
    assert (out / "performance.md").read_text() in first.stdout
    assert "| px |" not in done.stdout
    assert f"Going on from {out}: " in done.stdout
    listed = json.loads((out / kept.LIST).read_text())
    assert set(listed["files"]) == {"average", "generator", "judge-d"}
    assert json.loads(listed["progress"])["images"] >= 16
