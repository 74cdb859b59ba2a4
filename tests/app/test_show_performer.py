"""Performer: somebody as they are, cut out cleanly, before a place that goes its own slow way."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
import pytest

from tests.fetched import needs, nothing_fetched
from vj.commands.gallery import rendered
from vj.core.frame import Size
from vj.pipeline.selfie_segmentation import SQUARE, WIDE
from vj.sources.drawn.dancer import Dancer

SIZE, RATE, SECONDS = Size(192, 112), 6.0, 6.0
SMALL = {"size": str(SIZE)}
DANCES = range(round(2.5 * RATE), round(SECONDS * RATE), 4)
"""Frames in which she is in the picture."""


@lru_cache(1)
def truth() -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Of each frame the dancer in the studio, her colours times her coverage, and how much of each
    pixel is not her, (H, W, 1) 0..1."""
    scene, film = Dancer(SIZE), []
    studio = scene._backdrop
    for number in range(round(SECONDS * RATE)):
        pictures = []
        for backdrop in (studio, np.zeros_like(studio), np.full_like(studio, 255)):
            scene._backdrop = backdrop
            pictures.append(scene.draw(number / RATE))
        seen, black, white = pictures
        rest = (white.astype(np.float32) - black).mean(2, keepdims=True) / 255
        film.append((seen, black.astype(np.float32), rest.clip(0, 1)))
    return film


def before(behind: np.ndarray) -> np.ndarray:
    """(H, W) bool: well away from her."""
    return cv2.erode((behind[..., 0] > 0.99).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0


@pytest.mark.long
@pytest.mark.parametrize("way", [pytest.param("network", marks=needs(SQUARE, WIDE)), "clean plate"])
def test_a_clean_performer_stands_before_a_place_of_its_own(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way == "clean plate":
        nothing_fetched(monkeypatch)
    film = rendered("performer", SMALL, SECONDS, RATE)
    place = rendered("performer", {**SMALL, "source": "drawn:studio"}, SECONDS, RATE)
    steps, errors, halos = [], [], []
    for number in DANCES:
        picture = film[number]
        seen, hers, rest = truth()[number]
        core = cv2.erode((rest[..., 0] < 0.01).astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
        assert cv2.absdiff(picture, seen)[core].mean() < 0.5, "she is who was filmed"
        far = before(rest)
        assert cv2.absdiff(picture, place[number])[far].mean() < 1, "the place does not hear of her"
        assert cv2.absdiff(picture, seen)[far].mean() > 30, "and is no studio"
        steps.append(float(cv2.absdiff(place[number], place[number - 1]).mean()))
        edge = ~core & ~far
        true = hers + rest * place[number]
        errors.append(np.abs(picture - true)[edge].mean())
        # what a mask without a clean edge does: all that is more hers than not comes as it is
        hard = np.where(rest < 0.5, seen, place[number])
        halos.append(np.abs(hard - true)[edge].mean())
    assert np.mean(errors) < np.mean(halos)
    moved = cv2.absdiff(place[DANCES[0]], place[DANCES[-1]]).mean()
    assert moved > 8, "it goes its way"
    danced = np.mean([cv2.absdiff(truth()[n][0], truth()[n - 1][0]).mean() for n in DANCES])
    assert 0 < np.mean(steps) < 0.7 * danced, "slower than she dances"


def test_its_place_is_painted_and_still_the_place_it_was() -> None:
    """By its colours in the large, a meadow is a meadow, and no harbour."""

    def place(land: str, **start: object) -> np.ndarray:
        places = {"land": f"drawn:{land}", "road": "drawn:drive"}
        given = {**SMALL, "source": "drawn:studio", "sources": places}
        return rendered("performer", given, 0.5, RATE, start=start)[-1]

    def colours(picture: np.ndarray) -> np.ndarray:
        few = cv2.resize(picture, (12, 7), interpolation=cv2.INTER_AREA).astype(np.float32)
        return np.asarray((few - few.mean(2, keepdims=True)).ravel())

    lands = ("meadow", "harbour")
    painted = [place(land) for land in lands]
    given = [place(land, **{"background/strength": 0}) for land in lands]
    for one in (0, 1):
        assert cv2.absdiff(painted[one], given[one]).mean() > 12, "it is painted"
        alike = [np.corrcoef(colours(painted[one]), colours(there))[0, 1] for there in given]
        assert alike[one] > 0.9 > alike[1 - one] + 0.3, lands[one]


def test_her_room_comes_back_without_her() -> None:
    start = {"background/source": "plate", "background/strength": 0, "mask/mode": "person"}
    film = rendered("performer", {**SMALL, "model": "none"}, 5, RATE, start=start, timeline=[])
    studio = Dancer(SIZE)._backdrop
    for number in range(8, round(5 * RATE), 6):
        rest = truth()[number][2]
        assert cv2.absdiff(film[number], studio)[before(rest)].mean() < 2
