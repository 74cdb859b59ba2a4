"""decks.yaml: what is seen of each deck, by which way one comes over the other, and what its fader
and its pads do."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
import yaml

from tests.control.harness import FPS, ControlHarness
from vj.commands.gallery import rendered
from vj.show.load import FIRST_SHOW

FILE = FIRST_SHOW.parent / "decks.yaml"
RATE, SECONDS, SIDE = 5.0, 12.0, 96
OVER = {"model": "none", "size": f"{SIDE}x{SIDE}"}
CALM = {"feedback/amount": 0, "blend/smoothing": 0}


def seen(seconds: float = SECONDS, **more: Any) -> list[np.ndarray]:
    """What is given to the model."""
    start = {**CALM, **more.pop("start", {})}
    return rendered("decks", OVER, seconds, RATE, start=start, **more)


@pytest.fixture(scope="module")
def show() -> list[np.ndarray]:
    return seen()


@pytest.fixture(scope="module")
def kiss() -> list[np.ndarray]:
    return seen(timeline=[])


@pytest.fixture(scope="module")
def road() -> list[np.ndarray]:
    return seen(timeline=[], start={"deck/mix": 1})


def at(second: float) -> int:
    return round(second * RATE)


Pictures = list[np.ndarray]


def test_between_the_ways_one_deck_is_seen_alone(
    show: Pictures, kiss: Pictures, road: Pictures
) -> None:
    for second, deck in ((0.6, kiss), (3.6, road), (6.8, kiss), (10.2, road)):
        number = at(second)
        assert np.array_equal(show[number], deck[number]), second
        assert cv2.absdiff(kiss[number], road[number]).mean() > 40


def test_dark_first_then_by_the_clock_then_in_a_circle(
    show: Pictures, kiss: Pictures, road: Pictures
) -> None:
    number = at(2)
    grey = cv2.cvtColor(kiss[number], cv2.COLOR_RGB2GRAY)
    dark, bright = (grey <= np.quantile(grey, 0.2)), (grey >= np.quantile(grey, 0.8))
    assert np.array_equal(show[number][dark], road[number][dark])
    assert np.array_equal(show[number][bright], kiss[number][bright])

    number, middle = at(5.2), SIDE // 2
    upper = slice(20, middle - 8)
    right, left = np.s_[upper, middle + 12 :], np.s_[upper, : middle - 12]
    assert np.array_equal(show[number][right], road[number][right])
    assert np.array_equal(show[number][left], kiss[number][left])

    number = at(11.6)
    inside, corner = np.s_[middle - 8 : middle + 8, middle - 8 : middle + 8], np.s_[:6, :6]
    assert np.array_equal(show[number][inside], road[number][inside])
    assert np.array_equal(show[number][corner], kiss[number][corner])


def test_between_the_two_what_both_have_moves(
    show: Pictures, kiss: Pictures, road: Pictures
) -> None:
    """Half way along the flow: not the plain mix, and of both."""
    number = at(8.6)
    parts = []
    for share in np.linspace(0.2, 0.8, 13):
        plain = cv2.addWeighted(kiss[number], 1 - share, road[number], share, 0)
        parts.append(float(cv2.absdiff(show[number], plain).mean()))
    apart = float(cv2.absdiff(kiss[number], road[number]).mean())
    assert 0.02 * apart < min(parts) < 0.5 * apart


def test_each_deck_has_its_own_words() -> None:
    painted = rendered("decks", {"size": f"{SIDE}x{SIDE}"}, 4.0, 2.0)
    red, blue = (painted[round(second * 2)].mean((0, 1)) for second in (1.0, 3.5))
    assert red[0] > red[2] + 30, "rose"
    assert blue[2] > blue[0] + 10, "neon"


def controls() -> ControlHarness:
    tree = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return ControlHarness(**{**tree, "timeline": [], "sinks": []})


def test_the_fader_takes_the_words_along() -> None:
    playing = controls()
    playing.play(0.1)
    playing.osc("/fader", 0.5)
    half = playing.play(0.5)[-1]
    assert (half["deck/mix"], half["prompt/mix"]) == (0.5, pytest.approx(0.5))
    for value in (50, 70, 127):  # it picks the parameters up where they are
        playing.midi("cc 1", value)
        playing.play(0.1)
    whole = playing.play(0.5)[-1]
    assert (whole["deck/mix"], whole["prompt/mix"]) == (1, 1)


def test_each_pad_puts_its_clip_on_a_deck_on_the_bar() -> None:
    playing = controls()
    names = set(playing.show.sources)
    pads = [rule for rule in playing.show.mappings if rule.to in ("source", "deck/b")]
    assert {rule.value for rule in pads} <= names
    assert {rule.to for rule in pads} == {"source", "deck/b"}
    playing.play(0.5)
    playing.midi("note 37", 100)
    frames = playing.play(2.5)
    first = next(frame.time for frame in frames if frame["source"] == "fox")
    assert first == pytest.approx(2.0, abs=1.01 / FPS)
    assert {frame["source"] for frame in frames if frame.time < 2.0 - 1 / FPS} == {""}


def test_the_clip_that_plays_is_started_again_by_its_own_pad() -> None:
    playing = controls()
    for _ in range(2):
        before = playing.at("source/start")
        playing.midi("note 37", 100)
        playing.midi("note 37", 0)
        after = playing.play(2.2)[-1]["source/start"]
    assert after == before + 1
