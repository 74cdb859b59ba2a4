"""Faces restored in a film. No weights of such a network can be had here: a network that makes
everything greener stands in for it, in a file that a stand-in for spandrel loads with torch."""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest

from tests.fetched import needs, nothing_fetched
from vj.app.offline import Rendering
from vj.core.errors import Fault
from vj.core.frame import Size
from vj.pipeline.face_restoration import (
    SIDE,
    TEMPLATE,
    FaceRestorer,
    aligned,
    five_points,
)
from vj.pipeline.finish import make_finisher
from vj.pipeline.landmarks.followed_faces import FILES
from vj.pipeline.upscale import make_upscaler
from vj.show.load import check_show
from vj.sources.drawn.speaker import Speaker

SIZE = Size(256, 256)
SPEAKER = Speaker(SIZE)


class Known:
    """Finds the faces that it is told."""

    def __init__(self, *faces: list[np.ndarray]) -> None:
        self._faces = iter(faces)

    def find(self, image: np.ndarray, time: float) -> list[np.ndarray]:
        return next(self._faces)


def restorer(restore: Any, *faces: list[np.ndarray]) -> FaceRestorer:
    return FaceRestorer(restore, Known(*faces))  # type: ignore[arg-type]


def greener(picture: np.ndarray) -> np.ndarray:
    assert picture.shape == (SIDE, SIDE, 3)
    out = picture.copy()
    out[..., 1] = np.minimum(out[..., 1].astype(int) + 40, 255)
    return out


@pytest.mark.parametrize("place", [(1.0, 0.0, 0.0), (0.4, 0.6, 30.0), (5.0, -0.3, 900.0)])
def test_five_points_are_laid_where_the_network_expects_them(
    place: tuple[float, float, float],
) -> None:
    scale, turn, shift = place
    cos, sin = scale * np.cos(turn), scale * np.sin(turn)
    moved = TEMPLATE @ np.array([[cos, sin], [-sin, cos]]) + shift
    matrix = aligned(moved)
    assert matrix is not None
    assert moved @ matrix[:, :2].T + matrix[:, 2] == pytest.approx(TEMPLATE, abs=0.05)
    assert aligned(np.zeros((5, 2), np.float32)) is None


def test_the_face_is_restored_and_all_else_is_left_to_the_bit() -> None:
    picture, points = SPEAKER.draw(5.0), SPEAKER.face(5.0)
    out = restorer(greener, [points]).of(picture, 0.0)
    change = out[..., 1].astype(int) - picture[..., 1]
    assert not (out[..., (0, 2)].astype(int) - picture[..., (0, 2)]).any()
    for x, y in five_points(points).astype(int):
        assert change[y, x] >= min(40, 255 - int(picture[y, x, 1])) - 1
    inside = cv2.pointPolygonTest
    hull = cv2.convexHull(points)
    far = [
        (y, x)
        for y in range(0, 256, 4)
        for x in range(0, 256, 4)
        if inside(hull, (x, y), True) < -0.12 * np.ptp(points[:, 1])
    ]
    assert len(far) > 1000
    assert all(change[y, x] == 0 for y, x in far)
    dark = picture[..., 1] < 210
    soft = np.abs(np.diff(change, axis=1))[dark[:, 1:] & dark[:, :-1]]
    assert soft.max() < 20, "no seam"


@pytest.mark.parametrize("size", [96, 256, 640])
def test_a_network_that_changes_nothing_changes_nothing_whatever_the_size(size: int) -> None:
    speaker = Speaker(Size(size, size))
    picture = speaker.draw(5.0)
    out = restorer(lambda square: square, [speaker.face(5.0)]).of(picture, 0.0)
    assert np.array_equal(out, picture)


def test_without_a_face_the_picture_is_the_same_one() -> None:
    picture = SPEAKER.draw(5.0)
    assert restorer(greener, []).of(picture, 0.0) is picture


def test_the_crop_is_steady_where_the_points_tremble_and_follows_who_moves() -> None:
    random, crops = np.random.default_rng(3), []
    picture, points = SPEAKER.draw(5.0), SPEAKER.face(5.0)

    def seen(square: np.ndarray) -> np.ndarray:
        crops.append(square.astype(np.float32))
        return square

    trembling = [[points + random.normal(0, 1.2, 2).astype(np.float32)] for _ in range(24)]
    one = restorer(seen, *trembling)
    for number in range(24):
        one.of(picture, number / 24)
    steady = np.mean([np.abs(a - b).mean() for a, b in pairwise(crops[8:])])
    crops.clear()
    for faces in trembling:
        restorer(seen, faces).of(picture, 0.0)
    loose = np.mean([np.abs(a - b).mean() for a, b in pairwise(crops[8:])])
    assert steady < 0.4 * loose
    crops.clear()
    moves = restorer(seen, *([points + np.array((6 * n, 0), np.float32)] for n in range(8)))
    wide = np.hstack([picture, picture])
    for number in range(8):
        shifted = np.roll(wide, 6 * number, axis=1)
        moves.of(shifted, number / 24)
    assert np.abs(crops[-1] - crops[0]).mean() < 22, "the face stays in the network's picture"


def stand_in(monkeypatch: pytest.MonkeyPatch, purpose: str, architecture: str = "Other") -> None:
    """spandrel's way of loading a file: a torch module, and what it says of it."""
    import torch

    class Descriptor:
        input_channels = output_channels = 3

        def __init__(self, model: Any) -> None:
            self.model, self.purpose = model, purpose
            self.architecture = ModuleType(architecture)
            self.architecture.id = architecture  # type: ignore[attr-defined]

        def eval(self) -> None:
            self.model.eval()

        def __call__(self, x: Any) -> Any:
            return self.model(x)

    class Loader:
        def __init__(self, device: str) -> None:
            self.device = device

        def load_from_file(self, path: str) -> Any:
            return Descriptor(torch.jit.load(path, map_location=self.device))

    module = ModuleType("spandrel")
    module.ModelLoader = Loader  # type: ignore[attr-defined]
    module.ImageModelDescriptor = Descriptor  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "spandrel", module)


@pytest.fixture
def network(tmp_path: Path) -> str:
    """A file that holds one convolution, which makes a picture greener."""
    import torch

    net = torch.nn.Conv2d(3, 3, 1)
    with torch.no_grad():
        net.weight[:] = torch.eye(3)[:, :, None, None]
        assert net.bias is not None
        net.bias[:] = torch.tensor([0.0, 0.15, 0.0])
    path = str(tmp_path / "faces.pth")
    torch.jit.script(net).save(path)
    return path


@needs(*FILES)
def test_a_model_of_faces_is_run_on_faces_alone(
    network: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, "FaceSR")
    said: list[str] = []
    finish, restore = make_finisher([network], SIZE, "cpu", 24, said.append)
    picture = SPEAKER.draw(5.0)
    assert finish(picture) is picture
    out = restore(picture)
    x, y = SPEAKER.face(5.0)[4].astype(int)
    assert out[y, x, 1] > picture[y, x, 1] + 25
    assert np.array_equal(out[:20], picture[:20])
    room = np.full((256, 256, 3), 90, np.uint8)
    assert restore(room) is room
    assert said == ["finished by faces.pth (faces)"]
    with pytest.raises(Fault, match=r"restores faces .*finish: \["):
        make_upscaler(network, SIZE, Size(512, 512), "cpu", print)
    nothing_fetched(monkeypatch)
    with pytest.raises(Fault, match=r"finds them is not installed: python3 launch.py add person"):
        make_finisher([network], SIZE, "cpu", 24, print)


def test_another_model_is_run_on_the_whole_picture(
    network: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, "Restoration")
    finish, restore = make_finisher([network], SIZE, "cpu", 24, print)
    picture = SPEAKER.draw(5.0)
    assert (finish(picture)[:20, :, 1].astype(int) - picture[:20, :, 1] > 30).all()
    assert restore(picture) is picture


@needs(*FILES)
def test_a_rendering_restores_faces_last_at_the_size_at_which_pictures_leave(
    network: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stand_in(monkeypatch, "FaceSR")
    start = {"strength": 0, "feedback/amount": 0, "blend/smoothing": 0}
    tree: dict[str, Any] = {
        "source": "drawn:speaker",
        "model": "none",
        "size": "192x192",
        "output": "384x384",
        "fps": 10,
        "start": start,
    }

    def film(name: str, **more: Any) -> list[np.ndarray]:
        folder = tmp_path / name
        show = check_show({**tree, **more, "sinks": f"record:{folder}/"}, "here")
        Rendering(show, lambda text: None, 0.3).run()
        found = [cv2.imread(str(path)) for path in sorted(folder.glob("*.png"))]
        return [picture for picture in found if picture is not None]

    plain, restored = film("plain"), film("restored", finish=[network])
    nose = 2 * Speaker(Size(192, 192)).face(0.0)[4]
    assert len(plain) == len(restored) == 3
    for before, after in zip(plain, restored, strict=True):
        assert after.shape == (384, 384, 3)
        change = after.astype(int) - before
        x, y = nose.astype(int)
        assert change[y, x, 1] > 25
        assert not change[:40].any()
        assert not change[..., (0, 2)].any()
    again = film("again", finish=[network])
    assert all(np.array_equal(a, b) for a, b in zip(restored, again, strict=True))
