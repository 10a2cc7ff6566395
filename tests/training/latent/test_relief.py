"""A relief for a 3D printer: closed, of the right size, light paint highest."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from installation.training.cli import program
from installation.training.latent.relief import heights, solid, stl
from tests.tiny_models import tiny_vae


def corners(data: bytes) -> np.ndarray:
    """(n, 3, 3), as another program reads them."""
    count = int.from_bytes(data[80:84], "little")
    assert len(data) == 84 + 50 * count
    facets = np.frombuffer(data, [("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("said", "<u2")], offset=84)
    a, b, c = facets["corners"].astype(np.float64).transpose(1, 0, 2)
    assert ((np.cross(b - a, c - a) * facets["normal"]).sum(1) > 0).all(), "normals point outwards"
    return facets["corners"]


def test_the_surface_is_closed_and_has_the_right_volume() -> None:
    raised = np.random.default_rng(1).uniform(0.0, 1.5, (7, 11))
    triangles = corners(stl(solid(raised, 50.0, 2.0)))
    edges = Counter(
        (tuple(triangle[at]), tuple(triangle[at - 2])) for triangle in triangles.round(4).tolist() for at in range(3)
    )
    assert set(edges.values()) == {1}
    assert all((to, start) in edges for start, to in edges), "each edge has a neighbour that runs the other way"
    assert triangles.reshape(-1, 3).min(0).tolist() == [0.0, 0.0, 0.0]
    assert triangles.reshape(-1, 3).max(0) == pytest.approx([50.0, 30.0, 2.0 + raised.max()], abs=1e-4)
    a, b, c = triangles.astype(np.float64).transpose(1, 0, 2)
    volume = (a * np.cross(b, c)).sum() / 6.0
    cells = (raised[:-1, :-1] + raised[1:, 1:]) / 3.0 + (raised[:-1, 1:] + raised[1:, :-1]) / 6.0
    assert volume == pytest.approx(25.0 * (cells.sum() + 2.0 * cells.size), rel=1e-5)


def test_light_paint_and_fine_marks_stand_up() -> None:
    picture = np.full((48, 96, 3), 40, np.uint8)
    picture[:, 48:] = 220
    picture[24, 12] = 120
    raised = heights(picture, 96, 2.0)
    assert raised.shape == (48, 96)
    assert raised[10, 80] > raised[10, 20] + 0.3
    assert raised[24, 12] > raised[24, 30] + 0.3
    assert 0.0 <= raised.min() <= raised.max() <= 2.0


def test_it_is_written_by_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, file = tiny_vae(tmp_path / "tiny.safetensors"), tmp_path / "sitter.stl"
    assert program(["relief", str(model), "7", "--stl", str(file), "--width", "20", "--pitch", "1"]) == 0
    assert "seed 7 at psi 0.7, 20 x 20 x" in capsys.readouterr().out
    assert corners(file.read_bytes()).reshape(-1, 3)[:, :2].max(0).tolist() == [20.0, 20.0]
    assert program(["relief", str(model), "7", "--stl", str(file), "--width", "2000", "--pitch", "0.1"]) == 2
    assert "makes 20001 points a row, expected at most 2000; take --pitch 1 or more" in capsys.readouterr().err
