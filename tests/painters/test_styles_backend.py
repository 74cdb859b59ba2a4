"""The learned styles as a backend: strength, prompts, seeds, what rests, what fails."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import pytest

from tests.fetched import needs
from tests.waiting import until
from vj.core.frame import Frame, Size
from vj.core.metrics import Metrics
from vj.painters.networks import STYLES as FILE
from vj.painters.networks import StylesNetwork
from vj.painters.styles import STYLES
from vj.painters.styles_backend import StylesBackend
from vj.parameters.store import Store
from vj.parameters.table import Value
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.frame_pipeline import FramePipeline

pytestmark = needs(FILE)
ONE, OTHER = STYLES[1].name, STYLES[20].name
FPS = 30


class Easel:
    """A backend on its own, with the store that it follows."""

    def __init__(self, network: Any, room: np.ndarray, live: bool = False, **start: Value) -> None:
        self.messages: list[str] = []
        size = Size(room.shape[1], room.shape[0])
        self.backend = StylesBackend(network, size, not live, self.messages.append)
        values: dict[str, Value] = {"prompt/a": ONE, "strength": 1.0, "prompt/travel": 0.0}
        values.update({name.replace("_", "/", 1): value for name, value in start.items()})
        self.store = Store(values)
        self.room, self.time = room, 0.0

    def paint(self, seconds: float = 1.0, **values: Value) -> np.ndarray:
        """The next frame, so many seconds later; values that are set before it."""
        for name, value in values.items():
            self.store.set(name.replace("_", "/", 1), value)
        self.time += seconds
        context = FrameContext.black(Size(16, 16))  # goes through
        made = self.backend.paint(self.room, self.store.sample(self.time), context)
        assert made is not None
        assert isinstance(made.picture, np.ndarray)
        return made.picture


def apart(one: np.ndarray, two: np.ndarray) -> float:
    return float(cv2.absdiff(one, two).mean())


def played(network: Any, frames: list[np.ndarray], **start: Value) -> list[np.ndarray]:
    """What the frame pipeline makes of frames, with feedback, flow and smoothing as they stand in
    the table."""
    values = {name.replace("_", "/", 1): value for name, value in start.items()}
    store = Store({"prompt/a": "starry night", **values})
    size = Size(frames[0].shape[1], frames[0].shape[0])
    pipeline = FramePipeline(size, "crop", Metrics(), print)
    pipeline.swap(StylesBackend(network, size, True))
    out = [
        pipeline.process(Frame(one, index, index / FPS), store.sample(index / FPS)).picture
        for index, one in enumerate(frames)
    ]
    pipeline.close()
    return out


def walking(room: np.ndarray, frames: int) -> list[np.ndarray]:
    """Somebody walks through the room."""
    made = []
    for index in range(frames):
        picture = room.copy()
        cv2.rectangle(picture, (8 + 3 * index, 20), (26 + 3 * index, 95), (30, 130, 60), -1)
        made.append(picture)
    return made


def test_no_strength_is_the_input_itself_and_more_of_it_leads_away(
    styles: StylesNetwork, room: np.ndarray
) -> None:
    easel = Easel(styles, room)
    assert easel.paint(strength=0.0) is room
    way = [apart(easel.paint(strength=strength / 8), room) for strength in range(9)]
    assert way == sorted(way)
    assert way[1] < 0.35 * way[-1]


def test_prompts_choose_styles_and_mixtures_lie_between(
    styles: StylesNetwork, room: np.ndarray
) -> None:
    easel = Easel(styles, room, prompt_b=OTHER)
    one, two = easel.paint(), easel.paint(prompt_mix=1.0)
    assert apart(one, two) > 20
    half = easel.paint(prompt_mix=0.5)
    assert apart(half, one) > 5
    assert apart(half, two) > 5
    listed = easel.paint(prompt_list=f'[["{OTHER}", 3]]', prompt_mix=0.0)
    assert np.array_equal(listed, two)


def test_another_style_arrives_in_the_time_given(styles: StylesNetwork, room: np.ndarray) -> None:
    easel = Easel(styles, room)
    one = easel.paint()
    assert easel.backend.settled
    easel.store.set("prompt/travel", 1.0)
    way = [easel.paint(0.1, prompt_a=OTHER) for _ in range(13)]
    assert apart(way[0], one) < 5, "no cut"
    assert max(apart(a, b) for a, b in pairwise(way)) < 0.4 * apart(one, way[-1])
    assert np.array_equal(way[-1], way[-2])
    assert easel.backend.settled
    easel.paint(0.1, prompt_a=ONE)
    assert not easel.backend.settled


def test_live_a_text_that_is_new_never_waits(styles: StylesNetwork, room: np.ndarray) -> None:
    easel = Easel(styles, room, live=True)
    assert easel.paint() is room, "nothing is known yet: the input"
    until(lambda: easel.paint() is not room)
    easel.backend.close()


def test_an_empty_prompt_that_is_painted_is_told(styles: StylesNetwork, room: np.ndarray) -> None:
    easel = Easel(styles, room, prompt_a="")
    for values, told in (
        ({}, "an empty prompt: pastel"),
        ({"prompt_b": "noir", "prompt_mix": 0.5}, "an empty prompt: pastel; noir"),
        ({"prompt_mix": 1.0}, "noir"),
        ({"prompt_b": " "}, "an empty prompt: pastel"),
        ({"prompt_a": ONE}, f"{ONE}; an empty prompt: pastel"),
        ({"prompt_mix": 0.0}, ONE),
    ):
        easel.paint(**values)
        assert easel.backend.understood == told
    assert easel.messages == []


def test_what_is_not_understood_is_said_once(styles: StylesNetwork, room: np.ndarray) -> None:
    easel = Easel(styles, room, prompt_a="qqxzy")
    easel.paint()
    easel.paint()
    assert len(easel.messages) == 1
    assert "qqxzy" in easel.messages[0]
    easel.paint(prompt_a=ONE)
    assert easel.backend.understood.startswith(ONE)
    assert len(easel.messages) == 1


def test_a_seed_changes_the_strokes_and_not_the_form(
    styles: StylesNetwork, room: np.ndarray
) -> None:
    easel = Easel(styles, room, prompt_a="starry night")
    one, again, other = easel.paint(seed_a=2), easel.paint(), easel.paint(seed_a=3)
    assert np.array_equal(one, again), "held noise lies still"
    assert apart(one, other) > 4
    form, same = (cv2.GaussianBlur(made, (0, 0), 5).ravel() for made in (one, other))
    assert np.corrcoef(form, same)[0, 1] > 0.9
    easel.paint(noise_hold=0.5)
    assert not easel.backend.settled
    assert not np.array_equal(easel.paint(), easel.paint()), "it boils"


def test_what_it_does_not_follow_is_told_with_reasons(
    styles: StylesNetwork, room: np.ndarray
) -> None:
    unused = Easel(styles, room).backend.unused
    wanted = {"steps", "guidance", "palette/a", "image/mix", "pocket/size", "control/amount"}
    assert wanted <= set(unused)
    followed = ("prompt/", "seed/", "noise/hold", "strength", "feedback/", "blend/")
    wrong = [name for name in unused if name.startswith(followed) and name != "prompt/negative"]
    assert wrong == []
    assert all(unused.values())


def test_the_same_show_twice_is_the_same_to_the_bit_on_any_number_of_threads(
    styles: StylesNetwork, room: np.ndarray
) -> None:
    start: dict[str, Value] = {"feedback_amount": 0.4, "noise_hold": 0.9, "strength": 0.8}
    first, again, others = (
        played(network, walking(room, 12), **start)
        for network in (styles, styles, StylesNetwork(2, only_cpu=True))
    )
    assert all(np.array_equal(one, two) for one, two in zip(first, again, strict=True))
    assert all(np.array_equal(one, two) for one, two in zip(first, others, strict=True))


def test_a_still_room_stays_still_before_a_noisy_camera(
    styles: StylesNetwork, room: np.ndarray
) -> None:
    """The style of the finest strokes, which makes 18 grey levels a frame of noise of three."""
    rng = np.random.default_rng(0)
    frames = [
        np.clip(room + rng.normal(0, 3, room.shape), 0, 255).astype(np.uint8) for _ in range(30)
    ]
    out = played(styles, frames, feedback_flow=0.0)
    print(np.mean([apart(one, two) for one, two in pairwise(frames)]))
    assert np.mean([apart(one, two) for one, two in pairwise(out[15:])]) < 1.0


@pytest.mark.parametrize("amount", [0.3, 0.6])
def test_feedback_leads_on_and_neither_burns_out_nor_fades(
    styles: StylesNetwork, room: np.ndarray, amount: float
) -> None:
    frames = walking(cv2.resize(room, (64, 48)), 15) * 4
    plain = played(styles, frames[:15], strength=1.0, feedback_amount=0.0)[-1]
    out = played(styles, frames, strength=1.0, feedback_amount=amount)
    assert apart(out[14], plain) > 3, "past the full style"
    for picture in (out[14], out[-1]):
        assert 0.6 < picture.std() / plain.std() < 1.5
        assert abs(float(picture.mean()) - float(plain.mean())) < 35
        assert ((picture == 0) | (picture == 255)).mean() < 0.2


def test_a_network_that_fails_stops_nothing(styles: StylesNetwork, room: np.ndarray) -> None:
    class Fragile:
        device = "cpu"
        broken = False

        def paint(self, picture: np.ndarray, style: np.ndarray) -> np.ndarray:
            if self.broken:
                raise RuntimeError("the runtime gave up")
            return styles.paint(picture, style)

    messages: list[str] = []
    size, network, metrics = Size(room.shape[1], room.shape[0]), Fragile(), Metrics()
    pipeline = FramePipeline(size, "crop", metrics, messages.append)
    backend: Any = StylesBackend(network, size, True)  # type: ignore[arg-type]
    pipeline.swap(backend)
    store = Store({"prompt/a": ONE, "strength": 1.0})

    def shown(number: int) -> np.ndarray:
        return pipeline.process(
            Frame(room, number, number / FPS), store.sample(number / FPS)
        ).picture

    for number in range(4):
        painted = shown(number)
    network.broken = True
    assert apart(shown(4), painted) < 3, "the last good picture stays"
    assert metrics.faults == 1
    assert "the runtime gave up" in messages[-1]
    network.broken = False
    assert apart(shown(5), painted) < 20
    assert messages[-1] == "painting again"
    pipeline.close()
