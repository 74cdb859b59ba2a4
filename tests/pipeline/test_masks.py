"""Masks: the subject is found, stays as it came, and the rest is painted."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from vj.core.frame import Frame, Size
from vj.core.metrics import Metrics
from vj.parameters.store import Snapshot, Store
from vj.pipeline.backend import GeneratedImage, PassThrough
from vj.pipeline.frame_pipeline import FramePipeline
from vj.pipeline.masks import PLATE_SECONDS, Masks, above, keyness

SIDE = 64
FRAMES = round(30 * PLATE_SECONDS)


def sampled(time: float = 0.0, **values: Any) -> Snapshot:
    return Store({name.replace("__", "/"): value for name, value in values.items()}).sample(time)


def room(seed: int = 0) -> np.ndarray:
    """A wall with a gradient and some grain, (SIDE, SIDE, 3) uint8."""
    across = np.linspace(60, 150, SIDE, dtype=np.float32)[None, :, None]
    grain = np.random.default_rng(seed).normal(0, 2, (SIDE, SIDE, 3))
    return np.clip(across * (0.9, 0.8, 0.7) + grain, 0, 255).astype(np.uint8)


def with_somebody(
    picture: np.ndarray, x: int = 24, colour: tuple[int, int, int] = (220, 40, 60)
) -> np.ndarray:
    out = picture.copy()
    out[16:48, x : x + 16] = colour
    return out


def where(x: int = 24, grow: int = 0) -> np.ndarray:
    mask = np.zeros((SIDE, SIDE), bool)
    mask[16 - grow : 48 + grow, x - grow : x + 16 + grow] = True
    return mask


def sharp(**values: Any) -> dict[str, Any]:
    return {"mask__feather": 0.0, "mask__steady": 0.0, **values}


def wrong(shown: np.ndarray | None, x: int = 24) -> float:
    """Share of pixels that are masked wrongly: 255 is painted, nothing of the subject, everything
    else; a pixel or two at its edge are free. 1 for what is no mask."""
    if shown is None or (shown.shape, shown.dtype) != ((SIDE, SIDE), np.uint8):
        return 1.0
    subject, around = shown[where(x, -2)], shown[~where(x, 3)]
    return float(np.count_nonzero(subject) + np.count_nonzero(around != 255)) / (
        subject.size + around.size
    )


def test_nothing_is_masked_until_it_is_asked_for() -> None:
    assert Masks(print).find(room(), sampled()) is None


def test_luma_keeps_what_is_bright() -> None:
    picture = with_somebody(np.full((SIDE, SIDE, 3), 40, np.uint8), colour=(230, 230, 230))
    assert wrong(Masks(print).find(picture, sampled(**sharp(mask__mode="luma")))) == 0
    assert (
        Masks(print).find(picture, sampled(**sharp(mask__mode="luma", mask__threshold=1.0))).min()
        == 255
    )  # type: ignore[union-attr]
    assert (
        Masks(print).find(picture, sampled(**sharp(mask__mode="luma", mask__threshold=0.0))).max()
        == 0
    )  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("hue", "screen"), [(120, (0, 177, 64)), (240, (20, 40, 200)), (300, (200, 30, 190))]
)
def test_chroma_keeps_what_has_not_the_keys_colour_whatever_its_light(
    hue: float, screen: tuple[int, int, int]
) -> None:
    light = np.linspace(0.5, 1.0, SIDE)[None, :, None]
    picture = (np.array(screen) * np.ones((SIDE, SIDE, 3)) * light).astype(np.uint8)
    snapshot = sampled(**sharp(mask__mode="chroma", mask__hue=hue))
    assert wrong(Masks(print).find(with_somebody(picture, colour=(200, 150, 130)), snapshot)) == 0


def test_greys_have_no_key_in_them() -> None:
    greys = np.repeat(np.arange(0, 256, 4, dtype=np.uint8)[None, :, None], 3, axis=2)
    assert keyness(greys, 120).max() < 0.02


def test_a_clean_plate_is_learned_on_the_trigger() -> None:
    masks, store = Masks(print), Store({"mask/mode": "plate", "mask/feather": 0, "mask/steady": 0})
    for turn in range(5):  # somebody stands in the picture when the show starts: the plate is wrong
        masks.find(with_somebody(room(turn)), store.sample(turn / 30))
    store.set("mask/learn", True)
    for turn in range(FRAMES):
        masks.find(room(turn), store.sample(1 + turn / 30))
    for turn in range(3):
        shown = masks.find(with_somebody(room(99 + turn)), store.sample(2 + turn / 30))
    assert wrong(shown) == 0
    assert masks.find(room(123), store.sample(3)).min() == 255  # type: ignore[union-attr]
    store.set("mask/learn", True)  # again, with somebody else standing still in it
    for turn in range(FRAMES):
        masks.find(with_somebody(room(turn), 4), store.sample(4 + turn / 30))
    assert masks.find(with_somebody(room(7), 4), store.sample(5)).min() == 255  # type: ignore[union-attr]


def test_without_a_plate_the_first_frames_are_taken_and_it_is_logged() -> None:
    messages: list[str] = []
    masks = Masks(messages.append)
    for turn in range(FRAMES):
        masks.find(room(turn), sampled(turn / 30, **sharp(mask__mode="plate")))
    assert (
        wrong(masks.find(with_somebody(room(50)), sampled(0.5, **sharp(mask__mode="plate")))) == 0
    )
    assert len(messages) == 1
    assert "/vj/mask/learn" in messages[0]


def test_panic_does_not_learn_a_plate() -> None:
    masks, store = Masks(print), Store({"mask/mode": "plate", "mask/feather": 0, "mask/steady": 0})
    store.set("mask/learn", True)
    for turn in range(FRAMES + 1):
        masks.find(room(turn), store.sample(turn / 30))
    store.set("panic", True)
    for turn in range(30):
        shown = masks.find(with_somebody(room(turn)), store.sample(1 + turn / 30))
    assert wrong(shown) == 0


def test_what_moves_is_found_and_what_stands_is_not() -> None:
    masks, snapshot = Masks(print), sampled(**sharp(mask__mode="motion"))
    still = room(0)
    for _ in range(30):
        masks.find(still, snapshot)
    for x in range(4, 44, 4):
        shown = masks.find(with_somebody(still, x), snapshot)
    assert wrong(shown, 40) == 0


def test_inverted_the_subject_is_painted() -> None:
    picture = with_somebody(np.full((SIDE, SIDE, 3), 40, np.uint8), colour=(230, 230, 230))
    kept = Masks(print).find(picture, sampled(**sharp(mask__mode="luma")))
    painted = Masks(print).find(picture, sampled(**sharp(mask__mode="luma", mask__invert=True)))
    assert np.array_equal(kept, 255 - painted)  # type: ignore[operator]


def test_feather_softens_the_edge_alone() -> None:
    picture = with_somebody(np.full((SIDE, SIDE, 3), 40, np.uint8), colour=(230, 230, 230))
    hard, soft = (
        Masks(print).find(picture, sampled(**{**sharp(mask__mode="luma"), "mask__feather": f}))
        for f in (0.0, 0.5)
    )
    between = lambda mask: int(((mask > 10) & (mask < 245)).sum())  # noqa: E731
    assert between(hard) == 0
    assert between(soft) > 300
    assert soft[32, 32] < 40  # type: ignore[index]
    assert soft[2, 2] == 255  # type: ignore[index]


def test_steadiness_takes_the_flicker_out() -> None:
    rng = np.random.default_rng(1)
    pictures = [
        with_somebody(np.full((SIDE, SIDE, 3), 40, np.uint8), 24, (int(v),) * 3)
        for v in rng.integers(110, 145, 40)
    ]  # type: ignore[arg-type]
    flicker = []
    for steady in (0.0, 0.9):
        masks, snapshot = (
            Masks(print),
            sampled(mask__mode="luma", mask__feather=0.0, mask__steady=steady),
        )
        values = [int(masks.find(picture, snapshot)[32, 32]) for picture in pictures]  # type: ignore[index]
        flicker.append(np.abs(np.diff(values[10:])).mean())
    assert flicker[1] < 0.2 * flicker[0]
    assert flicker[0] > 30


def test_who_moves_is_nowhere_painted_however_steady_the_mask_is() -> None:
    masks, snapshot = Masks(print), sampled(**sharp(mask__mode="luma", mask__steady=0.9))
    dark = np.full((SIDE, SIDE, 3), 40, np.uint8)
    for x in range(0, 48, 6):
        shown = masks.find(with_somebody(dark, x, (230, 230, 230)), snapshot)
        assert shown is not None
        assert shown[where(x)].max() == 0, x
    assert 0 < shown[32, 38] < 30, "where they were just now it lets go slowly"
    assert shown[32, 2] > shown[32, 38]


@pytest.mark.parametrize("value", [0.0, 0.3, 0.5, 1.0])
def test_a_threshold_of_nought_takes_all_and_of_one_nothing(value: float) -> None:
    assert above(np.full((2, 2), value, np.float32), 0).min() == 1
    assert above(np.full((2, 2), value, np.float32), 1).max() == 0


class Blue(PassThrough):
    """Paints everything blue."""

    def paint(self, entered: Any, snapshot: Snapshot, context: Any) -> GeneratedImage | None:
        return GeneratedImage(np.full(entered.shape, (0, 0, 255), np.uint8), context)


def test_the_performer_stays_and_the_room_is_painted_through_the_whole_pipeline() -> None:
    pipeline = FramePipeline(Size(SIDE, SIDE), "crop", Metrics(), print)
    pipeline.swap(Blue(Size(SIDE, SIDE)))
    store = Store(
        {
            "mask/mode": "chroma",
            "mask/feather": 0,
            "mask/steady": 0,
            "feedback/amount": 0.5,
            "blend/smoothing": 0,
        }
    )
    screen = np.full((SIDE, SIDE, 3), (0, 177, 64), np.uint8)
    for turn in range(8):
        picture = with_somebody(screen, 8 + 4 * turn)
        shown = pipeline.process(Frame(picture, turn, turn / 30), store.sample(turn / 30)).picture
        inside = where(8 + 4 * turn, -2)
        assert np.array_equal(shown[inside], picture[inside])
        if turn > 4:  # the last backend's picture has faded
            assert (shown[~where(8 + 4 * turn, 3)] == (0, 0, 255)).all()
    store.set("output/freeze", True)  # the mask belongs to the picture that is frozen
    frozen = pipeline.process(Frame(with_somebody(screen, 8), 9, 0.3), store.sample(0.3)).picture
    assert np.array_equal(frozen[where(36, -2)], with_somebody(screen, 36)[where(36, -2)])
    pipeline.close()


def test_a_failing_mask_does_not_stop_the_picture() -> None:
    messages: list[str] = []

    def broken(image: np.ndarray) -> np.ndarray:
        raise cv2.error("no such device")

    pipeline = FramePipeline(Size(SIDE, SIDE), "crop", Metrics(), messages.append, broken)
    store = Store({"mask/mode": "person"})
    for turn in range(5):
        shown = pipeline.process(Frame(room(turn), turn, turn / 30), store.sample(turn / 30))
        assert shown.picture.std() > 10
    assert len(messages) == 1
    assert "the mask failed" in messages[0]
    pipeline.close()
