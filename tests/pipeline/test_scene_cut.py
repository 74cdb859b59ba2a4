"""What is a hard cut, and what is none."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from tests.scenes import Scene
from vj.core.frame import BlankFrame, Frame, Size, WalkFrame
from vj.core.metrics import Metrics
from vj.core.picture_place import PicturePlace, PlayedPart
from vj.parameters.store import Store
from vj.pipeline.frame_pipeline import FramePipeline
from vj.pipeline.masks import Masks
from vj.pipeline.scene_cut import SceneCuts

ONE, OTHER = Scene(1), Scene(2)
PART = PlayedPart(0.0, 4.0, "loop")


def cuts(pictures: Sequence[np.ndarray], places: Sequence[PicturePlace | None] = ()) -> list[int]:
    """The frames that begin another scene."""
    judge, found = SceneCuts(), []
    for number, picture in enumerate(pictures):
        place = places[number] if places else None
        if judge.begins(picture, Frame(picture, number, number / 30, place=place), None, 0.0):
            found.append(number)
    assert judge.scene == len(found)
    return found


def test_it_is_one_where_another_scene_begins() -> None:
    assert cuts([*(ONE.at(n) for n in range(4)), *(OTHER.at(n) for n in range(4))]) == [4]


def test_a_whip_pan_a_flash_and_a_blackout_are_none() -> None:
    panned = [ONE.at(5 * n) for n in range(6)]
    lit = [ONE.at(n) for n in range(8)]
    lit[3] = cv2.convertScaleAbs(lit[3], alpha=1.5, beta=40)
    lit[5] = cv2.convertScaleAbs(lit[5], alpha=0.3)
    dark = [ONE.at(n) for n in range(6)]
    dark[2] = dark[3] = np.zeros_like(dark[0])
    assert [cuts(panned), cuts(lit), cuts(dark)] == [[], [], []]


def test_it_is_one_after_a_blackout_between_two_scenes() -> None:
    black = np.zeros_like(ONE.at(0))
    assert cuts([ONE.at(0), ONE.at(1), black, black, OTHER.at(0), OTHER.at(1)]) == [4]


def test_a_dissolve_is_none() -> None:
    mixed = [cv2.addWeighted(ONE.at(n), 1 - n / 12, OTHER.at(n), n / 12, 0) for n in range(13)]
    assert cuts(mixed) == []


def test_after_a_jump_less_has_to_be_new() -> None:
    """Half of the picture is another; the clip was sought, or has come round."""
    half = ONE.at(2).copy()
    half[:, :48] = OTHER.at(2)[:, :48]
    pictures = [ONE.at(0), ONE.at(1), half]
    run = object()
    way = [0.0, 0.1, 0.2]
    played = [PicturePlace(at, 0.1, at, PART, run) for at in way]
    sought = [*played[:2], PicturePlace(2.0, 0.1, 2.0, PART, object())]
    round_again = [*played[:2], PicturePlace(0.0, 0.1, 4.0, PART, run)]
    assert cuts(pictures, played) == []
    assert cuts(pictures, sought) == [2]
    assert cuts(pictures, round_again) == [2]


def test_a_loop_without_a_seam_is_none() -> None:
    run = object()
    places = [PicturePlace(n % 3, 0.1, 4.0 * (n // 3), PART, run) for n in range(6)]
    assert cuts([ONE.at(n) for n in range(6)], places) == []


@pytest.mark.parametrize("kind", ["walk", "blank", "journey"])
def test_where_no_input_leads_there_is_none(kind: str) -> None:
    pipeline = FramePipeline(Size(96, 64), "crop", Metrics(), print)
    store = Store({"journey": kind == "journey"})
    scenes = []
    for number in range(4):
        picture = (ONE if number < 2 else OTHER).at(number)
        frame: Frame = Frame(picture, number, number / 30)
        if kind == "blank":
            frame = BlankFrame(picture, number, number / 30)
        elif kind == "walk":
            frame = WalkFrame(picture, number, number / 30, (picture,))
        scenes.append(pipeline.process(frame, store.sample(number / 30)).context.scene)
    assert scenes == [0, 0, 0, 0]
    pipeline.close()


def test_an_empty_room_that_somebody_has_shown_stays() -> None:
    masks = Masks(print)
    rooms = [Scene(seed, Size(96, 64)).at(0) for seed in (1, 2)]
    store = Store({"mask/mode": "plate"})
    for asked in (False, True):
        if asked:
            store.set("mask/learn", True, "test")
        for number in range(20):
            masks.find(rooms[0], store.sample(number / 30 + 10 * asked))
        learned = masks._plate
        assert learned is not None
        masks.cut()
        masks.find(rooms[1], store.sample(2.0 + 10 * asked))
        plate = masks._plate
        assert plate is not None
        assert np.array_equal(plate, learned if asked else rooms[1])
