"""A portrait in place of the input: it follows the face in it, and comes to rest without one."""

from __future__ import annotations

import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.fetched import needs, nothing_fetched
from tests.waiting import until
from vj.app.portraits import open_portrait
from vj.core.errors import Fault
from vj.core.frame import Frame, Size
from vj.core.metrics import Metrics
from vj.core.supervisor import Supervisor
from vj.parameters.store import Store
from vj.pipeline.frame_pipeline import FramePipeline
from vj.pipeline.input_view import PlacedView, View, viewed
from vj.pipeline.landmarks.face import FaceFinder
from vj.pipeline.landmarks.followed_faces import FILES, FollowedFaces, faces_painted
from vj.pipeline.portraits.framing import StillFace, framed
from vj.pipeline.portraits.layer import PortraitLayer
from vj.sources.drawn.speaker import Speaker

SIDE = 128
SIZE = Size(SIDE, SIDE)
SPEAKER = Speaker(SIZE)
ASTRONAUT = Path(__file__).parents[1] / "pictures" / "astronaut.jpg"


class Played:
    """The drawn performer through the pipeline, 24 frames a second."""

    def __init__(self, portraits: tuple[str, ...] = (), **start: object) -> None:
        self.said: list[str] = []
        self.store = Store()
        for name, value in {"portrait/amount": 1.0, **start}.items():
            self.store.set(name.replace("__", "/"), value, "test")  # type: ignore[arg-type]
        self.pipeline = FramePipeline(SIZE, "crop", Metrics(), self.said.append)
        self.layer = self.pipeline.preparation.portraits
        self.layer.open = lambda name, size: open_portrait(portraits, name, size)
        self.number = 0

    def frame(self, seconds: float | None, pixels: np.ndarray | None = None) -> np.ndarray:
        """What is shown of the performer at a moment of theirs; of nobody at None."""
        faces = () if seconds is None else (SPEAKER.face(seconds),)
        if pixels is None:
            pixels = np.full((SIDE, SIDE, 3), 90, np.uint8)
            pixels = pixels if seconds is None else SPEAKER.draw(seconds)
        now = self.number / 24
        self.number += 1
        self.store.set("feedback/amount", 0.0, "test")
        self.store.set("blend/smoothing", 0.0, "test")
        frame = Frame(pixels, self.number, now, faces=faces)
        return self.pipeline.process(frame, self.store.sample(now)).picture

    def learn(self) -> np.ndarray:
        for _ in range(30):
            out = self.frame(0.5)
        return out


def test_without_it_the_input_is_painted_to_the_byte_and_nothing_is_looked_for() -> None:
    played = Played(portrait__amount=0.0)
    played.layer.faces._make = None  # type: ignore[assignment]
    assert np.array_equal(played.frame(3.2), SPEAKER.draw(3.2))
    assert played.said == []


def test_the_portrait_is_shown_and_does_what_the_performer_does() -> None:
    played = Played()
    still = open_portrait((), "fox", SIZE).picture
    assert np.array_equal(played.learn(), still)
    speaks = played.frame(3.2)
    changed = cv2.absdiff(speaks, still).max(axis=2) > 12
    assert 0.02 < changed.mean() < 0.5
    assert np.array_equal(played.frame(3.2), speaks), "the same pose is the same picture"
    played.store.set("portrait/pose", 0.0, "test")
    played.store.set("portrait/expression", 0.0, "test")
    for _ in range(6):
        out = played.frame(3.2)
    assert np.array_equal(out, still)


def test_half_of_it_is_half_a_blend() -> None:
    played = Played(portrait__amount=0.5)
    still = open_portrait((), "", SIZE).picture
    mean = cv2.addWeighted(SPEAKER.draw(0.5), 0.5, still, 0.5, 0)
    assert np.array_equal(played.learn(), mean)


def test_it_comes_to_rest_softly_when_the_face_goes() -> None:
    played = Played()
    still = played.learn()
    played.frame(3.2)
    after = [played.frame(None) for _ in range(40)]
    apart = [float(np.abs(one.astype(int) - still.astype(int)).mean()) for one in after]
    assert apart[0] > 1
    assert apart[4] == apart[0], "networks lose a face for a frame"
    steps = -np.diff(apart)
    assert steps.max() < 0.25 * apart[0], "it does not jump"
    assert apart[-1] == 0


def test_neutral_is_learned_anew_when_asked() -> None:
    played = Played()
    still = played.learn()
    assert not np.array_equal(played.frame(3.2), still)
    played.store.set("portrait/neutral", True, "test")
    for _ in range(30):
        out = played.frame(3.2)
    assert np.abs(out.astype(int) - still.astype(int)).max() < 3


def test_the_mask_is_the_face_of_who_is_seen_and_empty_without_one() -> None:
    played = Played(portrait__amount=0.0, mask__mode="face", mask__steady=0.0, mask__feather=0.0)
    seen = SPEAKER.face(5.0)
    snapshot = played.store.sample(0.0)
    of = played.pipeline.preparation.of
    backend = played.pipeline.backend
    mask = of(Frame(SPEAKER.draw(5.0), 0, 0.0, faces=(seen,)), snapshot, backend).mask
    assert mask is not None
    eyes, chin = seen[[33, 263]].mean(axis=0).astype(int), seen[152].astype(int)
    assert mask[eyes[1], eyes[0]] == 0, "the face stays as it came"
    assert mask[chin[1] + 5, chin[0]] == 255
    assert 0.04 < (mask == 0).mean() < 0.3
    mask = of(Frame(SPEAKER.draw(5.0), 1, 0.1, faces=()), snapshot, backend).mask
    assert mask is not None
    assert mask.min() == 255, "with nobody everything is painted"


def test_with_a_portrait_the_mask_is_the_portraits_face() -> None:
    played = Played(mask__mode="face", mask__steady=0.0, mask__feather=0.0, mask__invert=True)
    for number in range(30):
        context = played.pipeline.preparation.of(
            Frame(SPEAKER.draw(0.5), number, number / 24, faces=(SPEAKER.face(0.5),)),
            played.store.sample(number / 24),
            played.pipeline.backend,
        )
    assert context.mask is not None
    x, y = open_portrait((), "fox", SIZE).points[4].astype(int)
    assert context.mask[y, x] == 255
    assert context.mask[2, 2] == 0


@pytest.mark.parametrize(
    "view", [View(zoom=1.6, x=0.2, rotate=20), View("across"), View("down", y=0.1), View("both")]
)
def test_points_go_where_their_pixels_go(view: View) -> None:
    picture = np.zeros((120, 160, 3), np.uint8)
    points = np.full((468, 2), (80.5, 60.5), np.float32)
    points[33] = 90.5, 50.5
    cv2.circle(picture, (90, 50), 3, (255, 255, 255), -1)
    size = Size(96, 96)
    out = viewed(picture, size, "crop", view)[..., 0].astype(float)
    y, x = np.mgrid[:96, :96] + 0.5
    there = (x * out).sum() / out.sum(), (y * out).sum() / out.sum()
    (found,) = faces_painted([points], Size(160, 120), size, "crop", PlacedView(view, size, "crop"))  # type: ignore[misc]
    mirrored = 263 if view.mirror in ("across", "down") else 33
    assert found[mirrored] == pytest.approx(there, abs=0.4)
    halves = PlacedView(View("left"), size, "crop")
    assert faces_painted([points], Size(160, 120), size, "crop", halves) is None


def test_a_picture_is_cut_to_the_painted_shape_with_its_face_in_it() -> None:
    picture = np.zeros((300, 200, 3), np.uint8)
    points = np.full((468, 2), (100.0, 60.0), np.float32)
    points[10], points[152] = (100, 40), (100, 80)
    wide = framed(StillFace(picture, points), Size(160, 90))
    assert wide.picture.shape == (90, 160, 3)
    assert 5 < wide.points[10, 1] < wide.points[152, 1] < 85


def test_live_it_never_waits_and_a_picture_that_cannot_be_had_is_told() -> None:
    said: list[str] = []
    may_open = threading.Event()

    def opened(name: str, size: Size) -> StillFace:
        may_open.wait(20)
        if name == "gone":
            raise Fault("portraits: gone.jpg: no such file")
        return open_portrait((), name, size)

    layer = PortraitLayer(said.append, Supervisor(said.append), live=True)
    layer.open = opened
    store, image = Store(), SPEAKER.draw(0.5)
    store.set("portrait/amount", 1.0, "test")
    store.set("portrait/picture", "fox", "test")
    faces = (SPEAKER.face(0.5),)
    assert layer.of(image, 0.0, faces, store.sample(0.0)) is None, "it is on the way"
    may_open.set()
    until(lambda: layer.of(image, 0.1, faces, store.sample(0.1)) is not None)
    store.set("portrait/picture", "gone", "test")
    assert layer.of(image, 0.2, faces, store.sample(0.2)) is not None, "the one before stays"
    until(lambda: said == ["portraits: gone.jpg: no such file; the one before stays"])
    layer.close()


def test_without_the_networks_it_is_said_once_and_the_portrait_rests(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nothing_fetched(monkeypatch)
    said: list[str] = []
    layer = PortraitLayer(said.append, Supervisor(said.append), live=False)
    layer.open = lambda name, size: open_portrait((), name, size)
    store = Store()
    store.set("portrait/amount", 1.0, "test")
    for number in range(3):
        out = layer.of(SPEAKER.draw(3.2), number / 24, None, store.sample(number / 24))
    assert np.array_equal(out, open_portrait((), "fox", SIZE).picture)  # type: ignore[arg-type]
    assert len(said) == 1
    assert "portrait/amount: is not installed: python3 launch.py add person" in said[0]


def test_names_and_files_and_what_is_wrong_with_them(tmp_path: Path) -> None:
    grey = np.full((400, 300, 3), 120, np.uint8)
    cv2.imwrite(str(tmp_path / "cat.png"), grey)
    with pytest.raises(Fault, match=r"cat.png: (no face is found|what finds its face)"):
        open_portrait([str(tmp_path / "cat.png")], "", SIZE)
    lines = "left eye: [[90, 150], [110, 140], [130, 150], [110, 160]]\n"
    lines += "right eye: [[210, 150], [190, 140], [170, 150], [190, 160]]\n"
    lines += "mouth: [[120, 240], [150, 230], [180, 240], [150, 250]]\nchin: [150, 290]\n"
    (tmp_path / "cat.face.yaml").write_text(lines, encoding="utf-8")
    cat = open_portrait([str(tmp_path)], "CAT", SIZE)
    assert cat.points[152] == pytest.approx((150, 290), abs=1)
    with pytest.raises(Fault, match="no portrait is called 'fix'; did you mean fox"):
        open_portrait([], "fix", SIZE)
    with pytest.raises(Fault, match="drawn:meadow: has no face"):
        open_portrait(["drawn:meadow"], "", SIZE)


@needs(*FILES)
def test_live_faces_are_found_beside_the_picture() -> None:
    said: list[str] = []
    faces = FollowedFaces(said.append, Supervisor(said.append), live=True)
    image = Speaker(Size(256, 256)).draw(3.2)
    assert faces.of(image, 0.0, None, "mask/mode face") is None, "nobody waits"
    until(lambda: faces.of(image, 0.1, None, "mask/mode face") is not None)
    seen = faces.of(image, 0.1, None, "mask/mode face")
    assert seen is not None
    assert len(seen.faces) == 1
    assert faces.of(image, 0.2, None, "") is None, "nobody asks any more"
    faces.close()
    assert said == []


def test_networks_that_fail_are_told_once_and_nobody_is_seen() -> None:
    def broken() -> FaceFinder:
        raise Fault("the file was altered")

    said: list[str] = []
    faces = FollowedFaces(said.append, Supervisor(said.append), live=False, make=broken)
    for number in range(3):
        seen = faces.of(SPEAKER.draw(0.5), number / 24, None, "portrait/amount")
        assert seen is not None
        assert seen.faces == ()
    assert said == ["face points: the file was altered; nobody is seen"]


@needs(*FILES)
def test_a_photograph_is_moved_by_somebody_who_is_found_in_the_picture() -> None:
    size = Size(256, 256)
    speaker, said = Speaker(size), list[str]()
    layer = PortraitLayer(said.append, Supervisor(said.append), live=False)
    layer.open = lambda name, size: open_portrait([str(ASTRONAUT)], name, size)
    store = Store()
    store.set("portrait/amount", 1.0, "test")
    seen, opened = [], []
    for number in range(84):
        seconds = number / 24
        layer.of(speaker.draw(seconds), seconds, None, store.sample(seconds))
        if number < 24:
            continue  # how they look is learned
        (portrait,) = layer._shown
        true = speaker.face(seconds)
        seen.append(float(np.linalg.norm(true[14] - true[13])))
        opened.append(float(np.linalg.norm(portrait[14] - portrait[13])))
    assert said == []
    assert np.corrcoef(seen, opened)[0, 1] > 0.9
