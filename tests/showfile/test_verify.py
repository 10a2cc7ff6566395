"""What ``--check`` reads of the models: all that a show would open, and each fault in one line, at its piece's."""

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from installation.app import main
from installation.core.errors import ModelError, ShowError
from installation.networks.model_file import KEY, amend_model, load_model
from installation.showfile.load import load
from tests.tiny_gan import written

SHOW = """\
[show]
title = "Late"
[web]
enabled = false
[operator]
enabled = false
[[piece]]
name = "one"
duration = "10 min"
generator = { kind = "plasma" }
walk = { kind = "wander" }
[[piece]]
name = "two"
duration = "10 min"
generator = { kind = "stylegan2", model = "tiny.safetensors" }
walk = { kind = "wander" }
"""

Stored = dict[str, torch.Tensor]
Change = Callable[[Stored, dict[str, Any]], None]


def spoiled(path: Path, change: Change) -> None:
    """Writes a model file anew, as some other program might."""
    with safe_open(path, framework="pt") as file:
        tensors, header = {name: file.get_tensor(name) for name in list(file.keys())}, json.loads(file.metadata()[KEY])
    change(tensors, header)
    save_file(tensors, path, {KEY: header if isinstance(header, str) else json.dumps(header)})


@pytest.fixture
def show(tmp_path: Path) -> Path:
    written(tmp_path / "tiny.safetensors")
    (tmp_path / "show.toml").write_text(SHOW)
    return tmp_path / "show.toml"


def architecture(**changed: Any) -> Change:
    return lambda _, header: header["architecture"].update(changed)


def entry(name: str, value: Any) -> Change:
    return lambda _, header: header.update({name: value})


def tensor(name: str, change: Callable[[torch.Tensor], torch.Tensor]) -> Change:
    return lambda tensors, _: tensors.update({name: change(tensors[name])})


def nan(values: torch.Tensor) -> torch.Tensor:
    values.view(-1)[0] = float("nan")
    return values


FAULTS = [
    (tensor("const", nan), "tensor const holds numbers that are not finite"),
    (tensor("latent.std", nan), "tensor latent.std holds numbers that are not finite"),
    (
        tensor("const", lambda t: t.to(torch.float8_e4m3fn)),
        "tensor const is F8_E4M3; a model file holds F32, F16, BF16",
    ),
    (tensor("const", lambda t: t.to(torch.int64)), "tensor const is I64; a model file holds F32, F16, BF16"),
    (tensor("latent.mean", lambda t: t[:3].contiguous()), "tensor basis has shape"),
    (architecture(channels=[]), "architecture.channels: expected a list of 1 to 64"),
    (architecture(channels="many"), "architecture.channels: expected a list of 1 to 64"),
    (architecture(w_dim=10**9), "must be whole numbers from 1 to 4096"),
    (architecture(w_dim=11), "has shape"),
    (architecture(resolution=None), "must be whole numbers from 1 to 4096"),
    (entry("directions", [{"name": "age"}]), "directions.vectors"),
    (entry("directions", {"name": "age"}), "directions is no list of tables with a name"),
    (entry("curation", {"favourites": [{"name": "Eve"}]}), "1 tensors are missing"),
    (entry("curation", {"favourites": 3}), "favourites is no list of tables with a name"),
    (entry("pace", [{"walk": "loop", "options": {}}]), "header pace does not fit the tensors"),
    (entry("encoder", [1]), "encoder"),
    (entry("classes", ["one", "two"]), "header classes: 1 names belong there"),
]


@pytest.mark.parametrize(("change", "told"), FAULTS)
def test_a_model_that_would_not_open_is_told_at_its_piece(
    show: Path, change: Change, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    spoiled(show.parent / "tiny.safetensors", change)
    assert main([str(show), "--check"]) == 2
    said = capsys.readouterr().err
    fault, count = said.strip().split("\n")
    assert 'show.toml:15: piece[2] "two".generator' in fault
    assert told in fault
    assert count.startswith("1 fault in")


def test_a_header_nested_without_end_is_one_line(show: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = show.parent / "tiny.safetensors"
    with safe_open(path, framework="pt") as file:
        tensors = {name: file.get_tensor(name) for name in list(file.keys())}
    save_file(tensors, path, {KEY: "[" * 100_000})
    assert main([str(show), "--check"]) == 2
    assert "its header is not JSON" in capsys.readouterr().err
    text = b'{"a":' * 100_000
    path.write_bytes(struct.pack("<Q", len(text)) + text)
    assert main([str(show), "--check"]) == 2
    assert "not a safetensors file" in capsys.readouterr().err


def test_a_good_model_is_good(show: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(show), "--check"]) == 0
    assert "good: 2 pieces" in capsys.readouterr().out


def test_bfloat16_opens_as_what_it_is(show: Path) -> None:
    path = show.parent / "tiny.safetensors"
    before = load_model(path)[1]
    spoiled(path, lambda tensors, _: tensors.update({name: one.bfloat16() for name, one in tensors.items()}))
    assert main([str(show), "--check"]) == 0
    after = load_model(path)[1]
    for name, values in before.items():
        assert after[name].dtype == np.float32
        np.testing.assert_allclose(after[name], values, rtol=2**-7)
    amend_model(path, "directions", {"vectors": np.zeros((0, 12), np.float32)}, [])
    assert load_model(path)[1].keys() == after.keys() | {"directions.vectors"}


def test_the_old_name_of_an_option_names_the_new_one(show: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show.write_text(SHOW.replace('"tiny.safetensors"', '"tiny.safetensors", form = "eager"'))
    assert main([str(show), "--check"]) == 2
    assert "it is called runtime now" in capsys.readouterr().err


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def test_a_show_hangs_without_the_piece_whose_model_is_damaged(show: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Though it has wires and values of that model's; ``--check`` says what is wrong. A copy of it is noticed."""
    show.write_text(show.read_text() + 'set = { "generator/psi" = 0.5 }\n')
    model = show.parent / "tiny.safetensors"
    cut(model)
    hung = load(show, despite_damage=True)
    assert [piece.name for piece in hung.pieces] == ["one", "two"]
    assert model in hung.files
    with pytest.raises(ModelError, match=r"tiny\.safetensors: not a safetensors file, or a truncated one"):
        hung.pieces[1].generator.open("cpu")
    assert main([str(show), "--check"]) == 2
    assert 'show.toml:15: piece[2] "two".generator.model' in capsys.readouterr().err


def test_a_show_hangs_without_a_calendar_that_is_damaged(show: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As another program may leave it that was at work when the power failed."""
    show.write_text(show.read_text() + '[schedule]\ncalendar = "agenda.ics"\n')
    calendar = show.parent / "agenda.ics"
    calendar.write_text("BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:op")
    assert main([str(show), "--check"]) == 2
    assert "is all of it there?" in capsys.readouterr().err
    for damage in (lambda: None, lambda: cut(show.parent / "tiny.safetensors")):
        damage()
        read = load(show, despite_damage=True).plan.schedule.calendar
        assert read is not None
        assert not read.events
        assert "is all of it there?" in read.trouble
    calendar.unlink()
    with pytest.raises(ShowError, match="agenda"):
        load(show, despite_damage=True)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("tiny.safetensors", "tinny.safetensors"),
        ("tiny.safetensors", "tiny.pkl"),
        ('"plasma" }', '"stylegan2", model = "tiny.safetensors" }'),
        ('title = "Late"', 'titel = "Late"'),
    ],
    ids=["not there", "not a model", "no other piece", "another fault"],
)
def test_what_a_person_has_to_mend_hangs_nothing(show: Path, old: str, new: str) -> None:
    (show.parent / "tiny.pkl").write_bytes(b"\x80\x04N.")
    show.write_text(show.read_text().replace(old, new))
    cut(show.parent / "tiny.safetensors")
    with pytest.raises(ShowError):
        load(show, despite_damage=True)
