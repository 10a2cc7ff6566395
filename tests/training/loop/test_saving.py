"""Checkpoints are whole or the one before; logs go on where the checkpoint is; the command tells how it goes."""

import csv
import errno
import json
import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from installation.core.errors import TrainingError
from installation.training.cli import main
from installation.training.dataset.pictures import read_picture
from installation.training.loop import saving
from installation.training.loop.devices import Devices
from installation.training.loop.logs import EVENTS, LOG
from installation.training.loop.saving import BEFORE, BEFORE_AGE, CHECKPOINT, read_checkpoint, resume, save
from installation.training.loop.trainer import END, Due, Habits, train
from tests.tiny_training import NEVER, discs, quiet, tiny

LOGGED = replace(NEVER, log=0)


# -- checkpoints ------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a system without /dev/full")
def test_a_full_disk_keeps_the_checkpoint_and_says_so(tmp_path: Path, devices: Devices) -> None:
    run = tiny(devices)
    save(run, tmp_path)
    good = (tmp_path / CHECKPOINT).read_bytes()
    (tmp_path / (CHECKPOINT + ".partial")).symlink_to("/dev/full")
    run.step()
    with pytest.raises(TrainingError) as caught:
        save(run, tmp_path)
    assert "cannot be written (No space left on device); the one before is whole, from 0 minutes ago" in str(
        caught.value
    )
    assert (tmp_path / CHECKPOINT).read_bytes() == good
    assert sorted(path.name for path in tmp_path.iterdir()) == [CHECKPOINT]
    save(run, tmp_path)
    assert json.loads(read_checkpoint(tmp_path / CHECKPOINT)["progress"])["steps"] == 1


def test_a_folder_that_cannot_be_written_to(tmp_path: Path, devices: Devices) -> None:
    with pytest.raises(TrainingError, match=r"cannot be written \(No such file or directory\)\. Make room"):
        save(tiny(devices), tmp_path / "none")


@pytest.mark.parametrize("links", [True, False])
def test_an_older_copy_is_kept_and_renewed(
    tmp_path: Path, devices: Devices, links: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    if not links:
        monkeypatch.setattr(saving.os, "link", refuse)
    run = tiny(devices)
    steps = []
    for age in (0, 0, BEFORE_AGE + 9, 0):
        if (tmp_path / BEFORE).exists():
            then = time.time() - age
            os.utime(tmp_path / BEFORE, (then, then))
        save(run, tmp_path)
        run.step()
        before = tmp_path / BEFORE
        steps.append(json.loads(read_checkpoint(before)["progress"])["steps"] if before.exists() else None)
    assert steps == [None, 0, 1, 1]


# -- logs -------------------------------------------------------------------------------------------------------------


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / LOG).open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_row_for_each_time_and_what_is_lived_again_is_not_written_twice(tmp_path: Path, devices: Devices) -> None:
    run = tiny(devices)
    train(run, tmp_path, devices, quiet, lambda: run.progress.steps == 3, LOGGED, tensorboard=False)
    assert [row["images"] for row in rows(tmp_path)] == ["8", "16", "24", "24"]
    assert list(rows(tmp_path)[0]) == [
        *("images", "minutes", "resolution", "fade", "images_per_second", "spread"),
        *("share", "sure", "loss_d", "loss_g"),
    ]
    with (tmp_path / LOG).open("a") as file:
        file.write("32,0.1,8,1,99,1,0.3,0.1,1,1\n40,0.1,8")  # after the checkpoint, when the power went
    again = tiny(devices)
    resume(again, tmp_path)
    train(again, tmp_path, devices, quiet, lambda: again.progress.steps == 4, LOGGED, tensorboard=False)
    assert [row["images"] for row in rows(tmp_path)] == ["8", "16", "24", "24", "32", "32"]
    assert float(rows(tmp_path)[-1]["spread"]) > 0


def test_the_log_of_another_kind_of_run_is_set_aside(tmp_path: Path, devices: Devices) -> None:
    (tmp_path / LOG).write_text("images,loss\n8,1\n")
    train(tiny(devices), tmp_path, devices, quiet, habits=LOGGED, tensorboard=False)
    assert (tmp_path / "log.before.csv").read_text() == "images,loss\n8,1\n"
    assert rows(tmp_path)[-1]["images"] == "64"


def test_event_files_hold_the_figures_and_the_sheet(tmp_path: Path, devices: Devices) -> None:
    train(tiny(devices), tmp_path, devices, quiet, habits=replace(LOGGED, sheet=0))
    (events,) = (tmp_path / EVENTS).iterdir()
    written = events.read_bytes()
    assert events.name.startswith("events.out.tfevents")
    assert all(name in written for name in (b"loss_d", b"spread", b"images_per_second", b"sheet", b"\x89PNG"))
    assert read_picture(tmp_path / "sheet.png").shape == (96, 96, 3)
    assert len(list(tmp_path.glob("sheet_*_8px.png"))) == 3


# -- the loop ---------------------------------------------------------------------------------------------------------


def test_what_is_due_waits_its_time_again(monkeypatch: pytest.MonkeyPatch) -> None:
    at = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: at[0])
    due, seen = Due(Habits(look=1, log=2, checkpoint=4, sheet=8, minutes=1)), []
    for second in range(9):
        at[0] = 100.0 + second
        seen.append(due.now(spent=0))
    assert seen == [0, 1, 3, 1, 7, 1, 3, 1, 15]
    assert due.now(spent=60) == END


def test_minutes_end_a_run(tmp_path: Path, devices: Devices) -> None:
    run = tiny(devices)
    assert train(run, tmp_path, devices, quiet, habits=Habits(minutes=1e-9), tensorboard=False)
    assert run.progress.steps == 1
    assert (tmp_path / CHECKPOINT).exists()


def test_a_collapse_leaves_with_2_and_one_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    for index, picture in enumerate(discs(12, 32)):
        Image.fromarray(np.asarray(picture)).save(raw / f"{index}.png")
    options = ["--stages", "8:0.4", "--batch", "4", "--width", "128", "--precision", "fp32", "--threads", "1"]
    command = ["train", str(raw), "--out", str(tmp_path / "m.safetensors"), "--no-tensorboard", *options]
    assert main([*command, "--learning-rate", "0.1", "--save-every", "1"]) == 2
    told = capsys.readouterr().err.strip().splitlines()[-1]
    assert told.startswith("error: training has collapsed: ")
    assert "lower --learning-rate" in told
    assert not (tmp_path / "m.safetensors").exists()
