"""Landmarks are read from a network's file and put where they lie in the picture; eyes that look different ways, are of
different size or openness are told from eyes that agree."""

import io
import tarfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from installation.core.errors import OptionError
from installation.training.cli import main
from installation.training.evaluation import eyes, faces, landmark_network, tflite
from installation.training.evaluation.faces import Faces
from installation.training.evaluation.landmark_network import LandmarkNetwork, find
from installation.training.latent.models import open_model
from tests.tiny_models import tiny_vae
from tests.training.evaluation.tiny_tflite import Network, eye, flex, landmarks_file

LEFT, RIGHT = (76.0, 80.0), (116.0, 80.0)
"""Middles of the eyes in the network's square."""


def landmarks(**left: Any) -> dict[str, NDArray[Any]]:
    """What the network gives for a face that looks straight ahead, its left eye changed."""
    mesh = np.random.default_rng(0).uniform((50, 40, -20), (142, 150, 20), (468, 3))
    mesh[list(faces.OUTER_CORNERS)] = [(66, 80, 0), (126, 80, 0)]
    told = {"output_mesh_identity": mesh}
    for side, middle, outward, changed in (("left", LEFT, -1, left), ("right", RIGHT, 1, {})):
        usual = {"gaze": (outward * 0.8, 0)}  # the inner corners of real eyes lie farther in
        told[f"output_{side}_eye"], told[f"output_{side}_iris"] = eye(middle, outward, **{**usual, **changed})
    return told


def face(presence: float = 1.0, **left: Any) -> Faces:
    told = landmarks(**left)
    both = [np.stack([told[f"output_{side}_{part}"] for side in ("left", "right")])[None] for part in ("eye", "iris")]
    return Faces(told["output_mesh_identity"][None], both[0] / 192, both[1] / 192, np.array([presence]))


# -- the judge ---------------------------------------------------------------------------------------------------------


def test_two_eyes_that_are_alike_agree() -> None:
    judged = eyes.compare(face())
    assert judged.verdicts == ("agree",)
    assert judged.disagreement[0] < 0.5


@pytest.mark.parametrize(
    ("left", "named"),
    [
        ({"gaze": (6.0, 0.0)}, "gaze across"),
        ({"gaze": (-0.8, 3.0)}, "gaze down"),
        ({"lids": 1.0}, "opening"),
        ({"lids": 10.0}, "opening"),
    ],
)
def test_eyes_that_differ_do_not_agree(left: dict[str, Any], named: str) -> None:
    judged = eyes.compare(face(**left))
    assert judged.verdicts == ("disagree",)
    assert judged.reason(0).startswith(named)


def test_a_larger_iris_is_a_difference_of_size() -> None:
    one = face()
    middle = one.irises[:, 0, :1]
    one.irises[:, 0] = middle + (one.irises[:, 0] - middle) * 1.4
    judged = eyes.compare(one)
    wanted = 0.4 * 8 / 40 / 0.0125
    assert judged.differences[0, 2] == pytest.approx(wanted, rel=0.01)
    assert judged.reason(0) == f"size {wanted:.1f}"


def test_in_between_there_is_doubt() -> None:
    gaze = -0.8 + 3.5 * eyes.USUAL["gaze across"][2] * 20
    assert eyes.compare(face(gaze=(gaze, 0))).verdicts == ("doubtful",)


@pytest.mark.parametrize("angle", [0.0, 0.4])
def test_a_face_that_is_turned_in_the_picture_or_larger_is_the_same(angle: float) -> None:
    one = face(lids=3.0)
    rotation = 1.3 * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    other = Faces(one.mesh, one.eyes @ rotation + 0.1, one.irises @ rotation + 0.1, one.presence)
    assert eyes.compare(other).differences == pytest.approx(eyes.compare(one).differences, abs=1e-4)


def test_a_mirrored_face_is_the_same() -> None:
    one = face(gaze=(0.4, 0.6), lids=4.0)
    flip = np.array([-1, 1])
    other = Faces(one.mesh, 1 + one.eyes[:, ::-1] * flip, 1 + one.irises[:, ::-1] * flip, one.presence)
    assert eyes.compare(other).differences == pytest.approx(eyes.compare(one).differences, abs=1e-4)


def test_what_cannot_be_compared_is_left_out_of_the_shares() -> None:
    away = face()
    away.eyes[:, 1, :, 0] = away.eyes[:, 1, :1, 0] + (away.eyes[:, 1, :, 0] - away.eyes[:, 1, :1, 0]) * 0.5
    some = [face(), face(), face(lids=1.0), face(presence=0.1), away]
    parts = (np.concatenate([getattr(one, name) for one in some]) for name in ("mesh", "eyes", "irises", "presence"))
    judged = eyes.compare(Faces(*parts))
    assert judged.verdicts == ("agree", "agree", "disagree", "no face", "turned away")
    assert eyes.shares(judged) == {"faces": 0.8, "compared": 3, "agree": 2 / 3, "close": 2 / 3}


def test_of_pictures_without_faces_there_are_no_shares() -> None:
    assert eyes.shares(eyes.compare(face(presence=0.0))) == {"faces": 0, "compared": 0, "agree": None, "close": None}


# -- where landmarks lie -----------------------------------------------------------------------------------------------


def test_landmarks_are_put_where_they_lie_in_the_picture() -> None:
    """The view takes places of the picture to the network's square, and `placed` takes them back."""
    points = np.random.default_rng(1).uniform(0.2, 0.8, (468, 2))
    views = [faces.view(np.array([0.4, 0.6]), 0.5, 0.3), faces.view_about(points)]
    for matrix in views:
        seen = (points @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)
        mesh = np.concatenate([seen, np.zeros((468, 1), np.float32)], 1)
        given = landmark_network.Landmarks(
            mesh[None], np.zeros((1, 2, 71, 2), np.float32), np.zeros((1, 2, 5, 2), np.float32), np.ones(1, np.float32)
        )
        assert faces.placed(given, [matrix]).mesh[0, :, :2] == pytest.approx(points, abs=1e-5)
    assert seen.max(0).max() - seen.min(0).min() <= 192 / faces.WIDER + 1  # the second view is about all of them


def test_the_pixels_of_a_view_are_those_of_the_picture() -> None:
    picture = np.zeros((100, 100), np.uint8)
    picture[30, 70] = 255  # its middle lies at (0.705, 0.305)
    matrix = faces.view(np.array([0.705, 0.305]), 0.4, 0.0)
    square = cv2.warpAffine(picture, faces.pixels(matrix, 100), (192, 192), flags=cv2.INTER_LINEAR)
    y, x = np.unravel_index(int(square.astype(int).argmax()), square.shape)
    assert max(abs(x - 96), abs(y - 96)) <= 2


def test_the_spread_of_faces_knows_no_place_size_or_turn() -> None:
    rng = np.random.default_rng(0)
    base = rng.normal(0, 1, (468, 3))
    same = []
    for _ in range(6):
        rotation, _ = np.linalg.qr(rng.normal(0, 1, (3, 3)))
        same.append(rng.uniform(0.5, 2) * base @ (rotation * np.sign(np.linalg.det(rotation))) + rng.normal(0, 1, 3))
    assert faces.shape_spread(np.stack(same)) == pytest.approx(0, abs=1e-9)
    various = base + rng.normal(0, 0.02, (40, 468, 3))
    apart = np.linalg.norm(base[263] - base[33])
    assert faces.shape_spread(various) == pytest.approx(0.02 * 3**0.5 / apart, rel=0.05)
    assert faces.shape_spread(base + rng.normal(0, 0.04, (40, 468, 3))) == pytest.approx(
        0.04 * 3**0.5 / apart, rel=0.05
    )


# -- the network's file ------------------------------------------------------------------------------------------------


def test_operators_do_what_tensorflow_says() -> None:
    """A depthwise convolution of stride 2 that pads more behind, a PRELU, and maps added by a PAD."""
    rng = np.random.default_rng(0)
    kernel, bias = rng.normal(0, 1, (1, 3, 3, 2)).astype(np.float16), np.array([0.5, -0.5], np.float32)
    slope = np.array([[[0.1, 0.2]]], np.float32)
    network = Network()
    x = network.tensor(1, 6, 6, 2, name="x")
    loose = network.operator("DEQUANTIZE", [network.constant(kernel)], 1, 3, 3, 2)
    y = network.operator("DEPTHWISE_CONV_2D", [x, loose, network.constant(bias)], 1, 3, 3, 2, f0=0, f1=2, f2=2, f3=1)
    y = network.operator("PRELU", [y, network.constant(slope)], 1, 3, 3, 2)
    y = network.operator("PAD", [y, network.constant(np.array([[0, 0]] * 3 + [[0, 3]], np.int32))], 1, 3, 3, 5)
    graph = tflite.read(network.file([x], [y]))
    assert [operator.name for operator in graph.operators] == ["DEQUANTIZE", "DEPTHWISE_CONV_2D", "PRELU", "PAD"]
    picture = rng.normal(0, 1, (2, 6, 6, 2)).astype(np.float32)
    values = {**landmark_network.constants(graph), x: torch.from_numpy(picture).permute(0, 3, 1, 2)}
    for operator in graph.operators[1:]:
        inputs = [values[number] for number in operator.inputs]
        values[operator.outputs[0]] = landmark_network.RUN[operator.name](
            operator, inputs, graph.shapes[operator.outputs[0]]
        )
    output = landmark_network.channels_last(values[y]).numpy()
    assert output.shape == (2, 3, 3, 5)
    padded = np.pad(picture, ((0, 0), (0, 1), (0, 1), (0, 0)))
    for row, column in np.ndindex(3, 3):
        window = padded[:, 2 * row : 2 * row + 3, 2 * column : 2 * column + 3]
        wanted = (window * kernel.astype(np.float32)).sum((1, 2)) + bias
        wanted = np.where(wanted > 0, wanted, wanted * slope.reshape(-1))
        assert output[:, row, column, :2] == pytest.approx(wanted, abs=1e-5)
    assert (output[..., 2:] == 0).all()


def custom(**options: Any) -> tflite.Operator:
    return tflite.Operator("", (), (), tflite.flex_map(flex(options)))


def test_the_small_square_lies_upright_about_its_landmarks() -> None:
    """Four landmarks, 20 apart across and 10 down, turned by 0.5 about (30, 20): the square is 1.5 times as large."""
    angle = 0.5
    rotation = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    corners = np.array([(-10, -5), (10, -5), (-10, 5), (10, 5)]) @ rotation + (30, 20)
    points = torch.tensor(np.concatenate([corners, np.zeros((4, 1))], 1)[None], dtype=torch.float32)
    told = {
        "left_rotation_idx": 0,
        "right_rotation_idx": 1,
        "target_rotation_radians": 0.0,
        "subset_idxs": [0, 1, 2, 3],
    }
    operator = custom(output_width=16, output_height=16, scale_x=1.5, scale_y=1.5, **told)
    matrix = landmark_network.matrix(operator, [points], (1, 4, 4))
    middle, corner = (
        landmark_network.back(operator, [torch.tensor([[point]]), matrix], ()) for point in ([8.0, 8.0], [0.0, 0.0])
    )
    assert middle[0, 0].numpy() == pytest.approx((30, 20), abs=1e-4)
    assert corner[0, 0].numpy() == pytest.approx(np.array([-15, -7.5]) @ rotation + (30, 20), abs=1e-4)

    y, x = torch.meshgrid(torch.arange(48) + 0.5, torch.arange(48) + 0.5, indexing="ij")
    seen = landmark_network.look(operator, [torch.stack([x, y])[None], matrix], (1, 16, 16, 2))
    where = landmark_network.back(operator, [torch.tensor([[[3.5, 12.5]]]), matrix], ())
    assert seen[0, :, 12, 3].numpy() == pytest.approx(where[0, 0].numpy(), abs=1e-3)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"not a network at all", "not a TensorFlow Lite file"),
        (landmarks_file({}, {})[:200], "damaged"),
        (Network().file([], []), "expected face_landmark_with_attention.tflite"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "some.tflite"
    path.write_bytes(content)
    with pytest.raises(OptionError, match=told):
        LandmarkNetwork(path)


@pytest.mark.parametrize(("name", "told"), [("ODD", "operator 99, which is not known"), ("Far", "the operator Far")])
def test_an_operator_that_is_not_known_is_named(tmp_path: Path, name: str, told: str) -> None:
    network = Network()
    x = network.tensor(1, 2, 2, 1)
    outputs = [network.operator(name, [x], *shape, called=called) for called, shape in landmark_network.OUTPUTS.items()]
    path = tmp_path / "some.tflite"
    path.write_bytes(network.file([x], outputs))
    with pytest.raises(OptionError, match=told):
        LandmarkNetwork(path)


# -- from the command --------------------------------------------------------------------------------------------------


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """The left eye of bright pictures is wide open."""
    told = landmarks()
    change = landmarks(lids=26.0)["output_left_eye"] - told["output_left_eye"]
    path = tmp_path / "face_landmark_with_attention.tflite"
    path.write_bytes(landmarks_file(told, {"output_left_eye": change}))
    return path


def archive(path: Path, network: bytes) -> Path:
    """As npm packs it: the network inside a file of several, and a listing of what lies where."""
    data = b"other" + network + b"others"
    listing = f'[{{"filename": "/x/face_landmark_with_attention.tflite", "start": 5, "end": {5 + len(network)}}}]'
    with tarfile.open(path, "w:gz") as packed:
        for ending, content in (("_loader.js", listing.encode()), (".data", data)):
            entry = tarfile.TarInfo(f"package/face_mesh_solution_packed_assets{ending}")
            entry.size = len(content)
            packed.addfile(entry, io.BytesIO(content))
    return path


def test_the_network_is_found_in_the_package_and_in_the_data_folder(
    tmp_path: Path, network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(landmark_network.DATA[0], str(tmp_path))
    assert find(None) is None
    (tmp_path / "vernissage").mkdir()
    packed = archive(tmp_path / "vernissage" / "mediapipe-face_mesh-0.4.1.tgz", network.read_bytes())
    assert find(None) == packed
    assert LandmarkNetwork(packed).digest == LandmarkNetwork(network).digest
    with pytest.raises(OptionError, match="no such file"):
        find(tmp_path / "none.tgz")
    (tmp_path / "other.tgz").write_bytes(b"none")
    with pytest.raises(OptionError, match="not the archive of @mediapipe/face_mesh"):
        LandmarkNetwork(tmp_path / "other.tgz")


def test_where_to_get_it_names_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(landmark_network.DATA[0], raising=False)
    told = landmark_network.where()
    assert "npm pack @mediapipe/face_mesh --pack-destination ~" in told
    assert str(Path.home()) not in told


def test_faces_of_bright_pictures_are_judged_otherwise(network: Path) -> None:
    pictures = np.zeros((4, 64, 64, 3), np.uint8)
    pictures[1::2] = 255
    seen = faces.find_faces(LandmarkNetwork(network), pictures)
    assert seen.presence == pytest.approx(np.ones(4), abs=1e-3)
    assert eyes.compare(seen).verdicts == ("agree", "disagree", "agree", "disagree")


def test_favourites_whose_eyes_disagree_are_named(
    tmp_path: Path, network: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tiny_vae(tmp_path / "tiny.safetensors")
    pictures = open_model(model).pictures(open_model(model).latents(range(40)), 1.0)
    red = pictures[..., 0].max((1, 2))
    dark, bright = int(red.argmin()), int(red.argmax())
    change = landmarks(lids=26.0)["output_left_eye"] - landmarks()["output_left_eye"]
    middle = (int(red.min()) + int(red.max())) / 2 / 255
    told = landmarks()
    told["output_left_eye"] = told["output_left_eye"] - 40 * middle * change  # nothing at this brightness, much above
    network.write_bytes(landmarks_file(told, {"output_left_eye": 40 * change}))
    options = ["curate", str(model), "--check-eyes", "--landmarks-model", str(network)]
    assert main([*options, "--keep", f"{dark}:Dark", "--keep", f"{bright}:Bright"]) == 2
    said = capsys.readouterr()
    assert f"fails   Bright (seed {bright}): eyes disagree: opening" in said.out
    assert "of 2 favourites do not pass the judge of eyes" in said.err


# -- the real network, where it is at hand -----------------------------------------------------------------------------


def drawn(lid: int = 9, gaze: int = 0) -> NDArray[np.uint8]:
    """A plain face, 256 px; the lids of its left eye are so far from its middle, the iris so far to the right."""
    face = np.full((256, 256, 3), 60, np.uint8)
    cv2.ellipse(face, (128, 135), (62, 82), 0, 0, 360, (205, 165, 140), -1, cv2.LINE_AA)
    cv2.ellipse(face, (128, 75), (64, 40), 0, 180, 360, (70, 45, 30), -1, cv2.LINE_AA)
    for middle, opening, shift in ((103, lid, gaze), (153, 9, 0)):
        white = cv2.ellipse(np.zeros((256, 256), np.uint8), (middle, 106), (14, opening), 0, 0, 360, 255, -1)
        face[white > 0] = (240, 235, 230)
        seen = cv2.circle(face.copy(), (middle + shift, 106), 6, (80, 55, 35), -1, cv2.LINE_AA)
        cv2.circle(seen, (middle + shift, 106), 3, (10, 10, 10), -1, cv2.LINE_AA)
        face[white > 0] = seen[white > 0]
        cv2.ellipse(face, (middle, 106), (14, opening), 0, 180, 360, (60, 35, 25), 2, cv2.LINE_AA)
        cv2.ellipse(face, (middle, 92), (17, 5), 0, 190, 350, (70, 45, 30), 3, cv2.LINE_AA)
    cv2.ellipse(face, (128, 140), (9, 5), 0, 10, 170, (150, 105, 90), 2, cv2.LINE_AA)
    cv2.line(face, (126, 112), (121, 138), (175, 130, 110), 2, cv2.LINE_AA)
    cv2.ellipse(face, (128, 168), (21, 6), 0, 0, 360, (165, 80, 75), -1, cv2.LINE_AA)
    cv2.line(face, (107, 168), (149, 168), (110, 50, 45), 1, cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(face, (0, 0), 1), np.uint8)


@pytest.mark.skipif(find(None) is None, reason="no landmark network here: see evaluate --help")
def test_drawn_faces_are_judged_by_the_real_network() -> None:
    network = find(None)
    assert network is not None
    pictures = np.stack([drawn(), drawn(lid=3), drawn(gaze=7), np.full((256, 256, 3), 60, np.uint8)])
    judged = eyes.compare(faces.find_faces(LandmarkNetwork(network), pictures))
    assert judged.verdicts == ("agree", "disagree", "disagree", "no face")
    assert [judged.reason(at).rpartition(" ")[0] for at in (1, 2)] == ["opening", "gaze across"]
