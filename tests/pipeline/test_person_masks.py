"""Masks by person: the network that is fetched, and the clean plate where there is none."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.fetched import needs
from tests.pipeline.test_masks import FRAMES, room, sampled, sharp, with_somebody, wrong
from tests.waiting import until
from vj.parameters.store import Store
from vj.pipeline import selfie_segmentation
from vj.pipeline.guided_filter import guided
from vj.pipeline.masks import Masks
from vj.pipeline.network_thread import NetworkThread
from vj.pipeline.selfie_segmentation import SQUARE, WIDE, SelfieSegmentation

ASTRONAUT = Path(__file__).parents[1] / "pictures" / "astronaut.jpg"
fetched_person = needs(SQUARE, WIDE)


def astronaut(side: int = 256) -> np.ndarray:
    """Somebody before a flag and a model of the shuttle, (side, side, 3) uint8."""
    picture = cv2.cvtColor(cv2.imread(str(ASTRONAUT)), cv2.COLOR_BGR2RGB)
    return cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)


def in_a_wall(*lefts: int, width: int = 512, height: int = 288) -> np.ndarray:
    """The astronaut, cut out roughly, before a grey wall, once for each place of her left edge."""
    picture = np.full((height, width, 3), (150, 155, 160), np.uint8)
    person = astronaut(height)
    cut = SelfieSegmentation().find(person)
    cut = cv2.resize(cut, (height, height), interpolation=cv2.INTER_LINEAR)[..., None]
    for left in lefts:
        place = picture[:, left : left + height]
        place[:] = (place * (1 - cut) + person * cut).astype(np.uint8)
    return picture


@pytest.fixture(params=["litert", "opencv"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Either engine, chosen by what can be imported."""
    if request.param == "litert":
        pytest.importorskip("ai_edge_litert", reason="ai-edge-litert: launch.py add person")
    else:
        monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    return str(request.param)


@fetched_person
def test_the_person_stays_and_what_is_behind_them_is_painted(engine: str) -> None:
    masks = Masks(print, SelfieSegmentation().find)
    shown = masks.find(astronaut(), sampled(**sharp(mask__mode="person")))
    assert shown is not None
    for x, y in ((115, 50), (105, 120), (60, 200), (150, 200)):  # face, suit, arms
        assert shown[y - 6 : y + 6, x - 6 : x + 6].max() == 0, f"she is painted at {x}, {y}"
    for x, y in ((20, 60), (230, 40), (245, 130)):  # the flag, the shuttle
        assert shown[y - 6 : y + 6, x - 6 : x + 6].min() == 255, f"kept at {x}, {y}"


@fetched_person
def test_wide_pictures_have_a_network_of_their_own_and_sizes_may_change() -> None:
    people = SelfieSegmentation()
    for size, mask in (
        ((256, 256), (256, 256)),
        ((320, 240), (256, 256)),
        ((512, 288), (144, 256)),
        ((288, 512), (256, 256)),
        ((400, 16), (144, 256)),
    ):
        assert people.find(np.zeros((size[1], size[0], 3), np.uint8)).shape == mask
    masks = Masks(print, people.find)
    for width, height in ((512, 288), (256, 256), (64, 512)):
        picture = np.zeros((height, width, 3), np.uint8)
        shown = masks.find(picture, sampled(mask__mode="person"))
        assert shown is not None
        assert shown.shape == (height, width)


@fetched_person
def test_with_nobody_in_the_picture_everything_is_painted() -> None:
    masks = Masks(print, SelfieSegmentation().find)
    drawn = np.random.default_rng(1).integers(0, 256, (18, 32, 3), dtype=np.uint8)
    for picture in (
        np.zeros((288, 512, 3), np.uint8),
        np.full((288, 512, 3), 255, np.uint8),
        in_a_wall(),
        cv2.resize(drawn, (512, 288), interpolation=cv2.INTER_CUBIC),
    ):
        shown = masks.find(picture, sampled(**sharp(mask__mode="person")))
        assert shown is not None
        assert shown.min() == 255


@fetched_person
def test_two_people_both_stay() -> None:
    picture = in_a_wall(0, 224)
    shown = Masks(print, SelfieSegmentation().find).find(
        picture, sampled(**sharp(mask__mode="person"))
    )
    assert shown is not None
    for left in (0, 224):
        assert shown[40:70, left + 118 : left + 140].max() == 0, f"the face at {left}"
    for left in (0, 250, 490):
        assert shown[:40, left : left + 20].min() == 255, f"the wall at {left}"


@fetched_person
def test_the_mask_goes_with_who_moves() -> None:
    masks = Masks(print, SelfieSegmentation().find)
    for left in range(0, 200, 40):
        shown = masks.find(in_a_wall(left), sampled(**sharp(mask__mode="person")))
        assert shown is not None
        kept = np.flatnonzero((shown[40:80] == 0).any(0))
        assert abs(kept.mean() - (left + 128)) < 12, left


@fetched_person
def test_a_network_that_does_not_load_is_told_once_and_not_tried_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[str] = []

    def broken(name: str) -> Path:
        asked.append(name)
        (tmp_path / name).write_bytes(b"half a file")
        return tmp_path / name

    monkeypatch.setattr(selfie_segmentation, "fetched", broken)
    messages: list[str] = []
    beside = NetworkThread(SelfieSegmentation().find, messages.append)
    masks = Masks(messages.append, beside)
    pictures = iter(range(1, 100000))

    def again() -> bool:
        one = masks.find(room(), sampled(next(pictures) / 30, mask__mode="person"))
        assert one is None, "everything is painted"
        return beside._supervisor.faults.get("the person model", 0) >= 3

    until(again)
    beside.close()
    assert asked == [SQUARE]
    assert len(messages) == 1
    assert "is not a TensorFlow Lite network" in messages[0]
    assert messages[0].endswith("; nobody is found")
    assert "Fault" not in messages[0]


def test_the_clean_plate_stands_in_where_there_is_no_person_model() -> None:
    messages: list[str] = []
    masks = Masks(messages.append)
    store = Store({"mask/mode": "person", "mask/feather": 0, "mask/steady": 0})
    for turn in range(FRAMES):
        masks.find(room(turn), store.sample(turn / 30))
    assert wrong(masks.find(with_somebody(room(50)), store.sample(0.6))) == 0
    store.set("mask/learn", True)  # with somebody standing in the picture
    for turn in range(FRAMES):
        masks.find(with_somebody(room(turn), 4), store.sample(1 + turn / 30))
    assert masks.find(with_somebody(room(7), 4), store.sample(2)).min() == 255  # type: ignore[union-attr]
    assert len(messages) == 1
    masks.segment_person = lambda image: np.zeros((4, 4), np.float32)  # fetched meanwhile
    assert masks.find(with_somebody(room(8)), store.sample(3)).min() == 255  # type: ignore[union-attr]


def test_the_edge_of_the_mask_lies_on_the_edge_in_the_picture() -> None:
    picture = np.full((240, 240, 3), 200, np.uint8)
    picture[:, 103:] = 60
    mask = np.zeros((60, 60), np.float32)
    mask[:, 25:] = 1  # at 100 of the picture's pixels: 3 off, and in steps of 4
    plain = cv2.resize(mask, (240, 240), interpolation=cv2.INTER_LINEAR)
    fine = guided(mask, picture)
    off = lambda found: abs(int((found[120] > 0.5).argmax()) - 103)  # noqa: E731
    assert off(plain) >= 2
    assert off(fine) == 0
    through = Masks(print, lambda image: mask).find(picture, sampled(**sharp(mask__mode="person")))
    assert through is not None
    assert off(1 - through / 255) == 0
    flat = np.full((240, 240, 3), 90, np.uint8)
    np.testing.assert_allclose(guided(np.full((60, 60), 0.7, np.float32), flat), 0.7, atol=1e-4)
    assert abs(guided(mask, flat) - plain).mean() < 0.03, "without an edge it stays where it was"


def test_numbers_that_are_none_do_not_stay_in_the_mask() -> None:
    person = np.zeros((32, 32), np.float32)
    person[:, :16] = 1
    answers = [person, np.full((32, 32), np.nan, np.float32), *[person] * 3]
    masks = Masks(print, lambda image: answers.pop(0))
    found = [masks.find(room(), sampled(mask__mode="person", mask__steady=0.9)) for _ in range(5)]
    assert found[1] is None
    assert found[4] is not None
    assert found[4][32, 8] == 0
    assert found[4][32, 56] == 255
