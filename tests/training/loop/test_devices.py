"""Several devices hold the same weights and learn what one of them would; what is not there is said in one message."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from installation.core.errors import TrainingError
from installation.training.loop import devices, precision
from installation.training.loop.devices import Devices, bf16, check, choose, open_devices
from installation.training.loop.saving import CHECKPOINT, read_checkpoint
from tests.tiny_training import apart, tiny


def in_processes(folder: Path, count: int) -> dict[str, Any]:
    """The checkpoint of 8 steps in so many processes, through a change of size and its fade."""
    folder.mkdir()
    command = [sys.executable, "-W", "error", "-m", "tests.tiny_training", str(folder), str(count), "8"]
    subprocess.run(command, check=True, timeout=200)
    return read_checkpoint(folder / CHECKPOINT)


def test_two_processes_stay_alike_and_learn_what_one_does(tmp_path: Path) -> None:
    two, one = in_processes(tmp_path / "two", 2), in_processes(tmp_path / "one", 1)
    first, second = (tmp_path / "two" / f"digest_{rank}" for rank in (0, 1))
    assert first.read_text() == second.read_text()
    with open_devices("cpu", 1, 1, "fp32") as alone:
        before = tiny(alone)
    nets = {"g": before.learner.net, "d": before.judges[0].net, "ema": before.learner.average.net}
    for name, net in nets.items():
        begun = [weight for _, weight in sorted(net.state_dict().items())]
        some, others = ([weight for _, weight in sorted(state[name].items())] for state in (one, two))
        assert 0 < apart(some, others) < apart(some, begun) * 1e-3
    assert torch.equal(one["chance"], two["chance"])
    assert torch.equal(one["supply"]["order"], two["supply"]["order"])


class Second:
    """The second of two processes, as far as Devices asks."""

    world_size, global_rank, device = 2, 1, torch.device("cpu")


def first_sends(monkeypatch: pytest.MonkeyPatch, *numbers: float) -> None:
    monkeypatch.setattr(torch.distributed, "all_reduce", lambda mine: mine.add_(torch.tensor(numbers)))


def test_means_are_taken_in_one_message_and_put_back_in_their_shapes(monkeypatch: pytest.MonkeyPatch) -> None:
    first_sends(monkeypatch, 3.0, 2.0, 1.0)
    mine = [torch.tensor([[1.0, 2.0]]), torch.tensor(5.0)]
    Devices(Second(), 1).mean_(mine)
    assert [tensor.tolist() for tensor in mine] == [[[2.0, 2.0]], 3.0]


def test_each_process_has_its_part_of_a_batch_in_whole_groups() -> None:
    second = Devices(Second(), 1)
    assert second.part(16) == slice(8, 16)
    assert not second.first
    with pytest.raises(
        TrainingError, match=r"--batch 12 cannot be shared by 2 devices in groups of 4. Give --batch 16"
    ):
        second.part(12)


def test_weights_that_have_drifted_apart_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = [torch.ones(3), torch.ones(2)]
    first_sends(monkeypatch, 5.0, 0.0)
    Devices(Second(), 1).check_alike(weights)
    first_sends(monkeypatch, 5.5, 0.0)
    with pytest.raises(TrainingError, match="no longer hold the same weights"):
        Devices(Second(), 1).check_alike(weights)


def test_a_process_that_is_gone_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(_: torch.Tensor) -> None:
        raise RuntimeError("Connection reset by peer")

    monkeypatch.setattr(torch.distributed, "all_reduce", lost)
    with pytest.raises(TrainingError, match=r"process 1 of 2 has lost another one"):
        Devices(Second(), 1).agree(3)


def test_what_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with pytest.raises(TrainingError, match="--device cuda: this computer, or its build of torch, has none"):
        check("cuda", 1)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    check("cuda", 2)
    with pytest.raises(TrainingError, match="--devices 3: there are 2 of cuda"):
        check("cuda", 3)


@pytest.mark.parametrize(
    ("cuda", "mps", "chosen"), [(True, False, "cuda"), (False, True, "mps"), (False, False, "cpu")]
)
def test_auto_takes_a_gpu_where_there_is_one(
    cuda: bool, mps: bool, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert choose("auto") == chosen
    assert choose("cpu") == "cpu"


def test_precision_is_what_was_asked_for_or_what_the_device_has(monkeypatch: pytest.MonkeyPatch) -> None:
    assert bf16("bf16", "mps")
    assert not bf16("fp32", "cuda")
    assert not bf16("auto", "mps")
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: not including_emulation)
    assert bf16("auto", "cuda")
    monkeypatch.setattr(devices, "processor_has_bf16", lambda: False)
    assert not bf16("auto", "cpu")


@pytest.mark.parametrize(
    ("full", "each", "dtype", "depthwise", "told"),
    [
        (0.4, 0.5, torch.bfloat16, None, ""),
        (0.4, 6.0, torch.bfloat16, torch.float32, "6.0 times as slow as float32 in depthwise"),
        (60.0, 0.5, torch.float32, None, "60.0 times as slow as float32 here: learning in float32"),
    ],
)
def test_bfloat16_is_chosen_where_it_is_faster(
    full: float, each: float, dtype: torch.dtype, depthwise: torch.dtype | None, told: str
) -> None:
    def seconds(kind: torch.dtype, groups: int) -> float:
        return (full if groups == 1 else each) if kind == torch.bfloat16 else 1.0

    chosen = precision.faster(seconds)
    assert (chosen.dtype, chosen.depthwise) == (dtype, depthwise)
    assert told in chosen.told
    with open_devices("cpu", 1, 1, "fp32") as alone:
        devices.agreed(alone, chosen)
        assert (alone.dtype, alone.depthwise) == (dtype, depthwise)


def test_convolutions_are_timed_and_what_is_asked_for_is_not_questioned() -> None:
    cpu = torch.device("cpu")
    assert all(0 < precision.measured(torch.float32, groups) < 60 for groups in (1, precision.MAPS))
    assert devices.precision_of("bf16", cpu) == precision.Precision(torch.bfloat16)
    assert devices.precision_of("fp32", cpu) == precision.Precision(torch.float32)


@pytest.mark.parametrize(("native", "dtype"), [(True, torch.bfloat16), (False, torch.float32)])
def test_a_graphics_card_is_not_timed(native: bool, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is timed there is how long it takes to begin a convolution, and not the convolution."""
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: native)
    monkeypatch.setattr(devices, "faster", lambda: pytest.fail("it was timed"))
    assert devices.precision_of("auto", torch.device("cuda")) == precision.Precision(dtype)
