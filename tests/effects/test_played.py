"""Effects as they are played: by the frame's parameters and time, in their order and places, left
out while they fail or take too long, and forgotten at a cut."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import replace
from itertools import count

import numpy as np
import pytest

from tests.scenes import Scene
from tests.waiting import until
from vj.core.errors import Fault
from vj.core.frame import Frame, Size
from vj.core.metrics import Metrics
from vj.core.supervisor import STALL_TIMEOUT, StageMarker, Supervisor
from vj.effects.header import header_of
from vj.effects.loaded import LoadedEffect
from vj.effects.played import PATIENCE, RETRY, PlayedEffect
from vj.effects.stages import Effects, EffectStage
from vj.effects.stuck import ended_in_time
from vj.parameters.store import Snapshot, Store
from vj.parameters.table import TABLE
from vj.pipeline.frame_pipeline import FramePipeline

GREY = np.full((6, 8, 3), 100, np.uint8)
ADDS = (
    "from vj.effects import Slider, Trigger\n"
    "much = Slider(10, 0, 50)\nflash = Trigger()\n"
    "def effect(frame, parameters, time, memory):\n"
    "    memory['frames'] = memory.get('frames', 0) + 1\n"
    "    if parameters.flash:\n"
    "        return frame * 0\n"
    "    return (frame + int(parameters.much) * memory['frames']).astype('uint8')\n"
)
FAILS = "def effect(frame, parameters, time):\n    return frame / (0 if time > 1 else 0)[1]\n"


def snapshot(time: float = 0.0, **values: object) -> Snapshot:
    """Names with __ in place of /."""
    own = {name.replace("__", "/"): value for name, value in values.items()}
    start = {name: row.start for name, row in TABLE.rows.items()}
    return Snapshot({**start, **own}, time)  # type: ignore[arg-type]


def played(
    text: str, name: str = "mine", live: bool = True, at: str = "after", **settings: object
) -> tuple[PlayedEffect, list[str]]:
    log: list[str] = []
    header = replace(header_of(text, f"{name}.py"), at=at)
    loaded = LoadedEffect(name, header)
    return PlayedEffect(loaded, Metrics(), log.append, live=live, **settings), log  # type: ignore[arg-type]


def stage_of(*effects: PlayedEffect) -> EffectStage:
    stage = EffectStage(StageMarker())
    stage.effects = effects
    return stage


def test_an_effect_gets_the_parameters_of_its_frame_and_keeps_a_memory() -> None:
    stage = stage_of(played(ADDS)[0])
    assert stage.of(GREY, snapshot(), 0.0, 0)[0, 0, 0] == 110
    assert stage.of(GREY, snapshot(effects__mine__much=20.0), 0.1, 1)[0, 0, 0] == 140
    assert (GREY == 100).all()
    stage.reset()
    assert stage.of(GREY, snapshot(), 0.2, 2)[0, 0, 0] == 110, "a cut"
    stage.of(GREY, snapshot(), 0.2, 2)
    assert stage.of(GREY, snapshot(memory__forget=1), 0.3, 3)[0, 0, 0] == 110, "panic fires it"


def test_a_trigger_is_true_in_the_frame_in_which_it_is_fired() -> None:
    stage = stage_of(played(ADDS)[0])
    fired = [5, 5, 6, 6]  # of a show that has played for a while
    made = [
        stage.of(GREY, snapshot(effects__mine__flash=times), 0.0, 0)[0, 0, 0] for times in fired
    ]
    assert [value == 0 for value in made] == [False, False, True, False]


def test_its_amount_mixes_it_and_at_0_it_is_not_run() -> None:
    effect, log = played(FAILS)
    assert stage_of(effect).of(GREY, snapshot(effects__mine__amount=0.0), 0.0, 0) is GREY
    assert (effect.state, log) == ("mine off", [])
    half = stage_of(played(ADDS.replace("10, 0", "50, 0"))[0])
    assert half.of(GREY, snapshot(effects__mine__amount=0.5), 0.0, 0)[0, 0, 0] == 125
    half.of(GREY, snapshot(effects__mine__amount=0.0), 0.1, 1)
    again = half.of(GREY, snapshot(), 0.2, 2)
    assert again[0, 0, 0] == 150, "it begins anew"


def test_the_order_of_the_list_is_the_order_in_which_they_are_run() -> None:
    twice = "def effect(frame, parameters, time):\n    return frame * 2\n"
    double, adds = played(twice, "double")[0], played(ADDS)[0]
    assert stage_of(double, adds).of(GREY, snapshot(), 0.0, 0)[0, 0, 0] == 210
    adds.reset()
    assert stage_of(adds, double).of(GREY, snapshot(), 0.0, 0)[0, 0, 0] == 220


def test_each_stands_where_its_file_or_the_show_says() -> None:
    effects = Effects(StageMarker())
    names: Mapping[str, str] = {"before": "a", "after": "b", "end": "c"}
    effects.use([played(ADDS, name, at=at)[0] for at, name in names.items()])
    found = [stage.effects[0].name for stage in (effects.before, effects.after, effects.end)]
    assert found == ["a", "b", "c"]
    assert [state.split()[0] for state in effects.states()] == ["a", "b", "c"]
    assert effects.at_end(GREY, 0.0, 0) is GREY, "before the first frame"
    assert not effects.ends(0.0)
    effects.snapshot = snapshot(output__blackout=1.0)
    assert not effects.ends(0.0), "black stays black"
    assert effects.at_end(GREY, 0.0, 0) is GREY
    effects.snapshot = snapshot()
    effects.scene(0)
    assert [effects.at_end(GREY, 0.0, 0)[0, 0, 0] for _ in range(2)] == [110, 120]
    effects.scene(1)
    assert effects.at_end(GREY, 0.0, 0)[0, 0, 0] == 110, "a hard cut"


def test_a_picture_that_is_held_is_held_and_goes_dark_with_what_is_below() -> None:
    stage = stage_of(played(ADDS)[0])
    held = snapshot(output__freeze=True)
    first = stage.of(GREY, held, 0.0, 0)
    assert (stage.of(GREY.copy(), held, 0.1, 1) == first).all()
    darker = stage.of(GREY // 2, held, 0.2, 2)
    assert darker[0, 0, 0] < first[0, 0, 0]
    stage.steps = lambda: True
    stepped = [stage.of(GREY, held, number / 30, number)[0, 0, 0] for number in range(3, 6)]
    assert stepped[0] < stepped[1] < stepped[2], "each step is a frame"


def test_what_it_raises_is_told_once_and_it_is_tried_again_later() -> None:
    text = FAILS.replace("0 if time > 1 else 0", "[0] if time > 1 else [0, 0.5]").replace(
        "/", "*0+"
    )
    text = text.replace("return ", "return (").replace("[1]\n", "[1] + frame).astype('uint8')\n")
    effect, log = played(text)
    stage = stage_of(effect)
    assert stage.of(GREY, snapshot(), 0.0, 0)[0, 0, 0] == 100
    for number in range(5):
        assert stage.of(GREY, snapshot(), 1.1 + number / 30, number) is GREY
    assert len(log) == 1
    assert log[0].startswith("mine.py:2: IndexError: list index out of range: return ")
    assert "left out" in effect.state
    stage.of(GREY, snapshot(), 1.2 + RETRY, 9)
    assert len(log) == 1, "the same again is not told again"
    assert stage.of(GREY, snapshot(), 0.5, 10) is GREY
    stage.of(GREY, snapshot(effects__mine__amount=0.0), 0.5, 11)
    assert stage.of(GREY, snapshot(), 0.5, 12) is not GREY, "moved to 0 and up it is tried at once"


def test_a_rendering_ends_where_one_fails() -> None:
    with pytest.raises(Fault, match=r"mine\.py:2: TypeError"):
        stage_of(played(FAILS, live=False)[0]).of(GREY, snapshot(), 0.0, 0)


def test_one_that_takes_too_long_for_a_while_is_left_out_and_named_once() -> None:
    busy = True
    slow = {"period": lambda: 1e-9, "settled": lambda: not busy}
    twice = "def effect(frame, parameters, time):\n    return frame * 2\n"
    effect, log = played(twice, **slow)
    stage = stage_of(effect)
    numbers = count()

    def frames(many: int) -> list[bool]:
        given = [next(numbers) for _ in range(many)]
        return [stage.of(GREY, snapshot(), n / 30, n) is not GREY for n in given]

    assert all(frames(2 * PATIENCE)), "while a model loads nothing is judged"
    busy = False
    assert all(frames(PATIENCE))
    assert not any(frames(400))
    assert len(log) == 1
    assert "mine.py: the effect mine took" in log[0]
    assert "budget:" in log[0]
    stage.of(GREY, snapshot(effects__mine__amount=0.0), 20.0, next(numbers))
    assert all(frames(1))
    rendered, log = played(twice, live=False, **slow)
    stage = stage_of(rendered)
    assert all(frames(2 * PATIENCE))
    assert log == []


def test_one_that_hangs_is_named_by_the_watchdog() -> None:
    now, log = 0.0, []
    supervisor = Supervisor(log.append)
    marker = supervisor.watch(StageMarker(now=lambda: now))
    stage = EffectStage(marker, "prepare")
    stage.effects = (played("import time\n" + ADDS)[0],)
    module = stage.effects[0]._effect._function.__globals__

    def hangs(*given: object) -> np.ndarray:
        nonlocal now
        now += 2 * STALL_TIMEOUT
        supervisor.check()
        return GREY

    module["int"] = hangs  # called by the effect
    stage.of(GREY, snapshot(), 0.0, 0)
    assert log == ["the picture is stalled: effect mine has taken 2 s"]
    supervisor.check()
    assert supervisor.stalled == []


WAITS = (
    "def effect(frame, parameters, time):\n    with lock:\n        frame += 1\n    return frame\n"
)
LOOPS = "def effect(frame, parameters, time):\n    while True:\n        pass\n"


def test_one_that_does_not_end_is_ended_and_not_tried_again_by_itself() -> None:
    effect, log = played(LOOPS, limit=0.05)
    stage = stage_of(effect)
    assert stage.of(GREY, snapshot(), 0.0, 0) is GREY
    assert stage.of(GREY, snapshot(), 99.0, 1) is GREY
    assert len(log) == 1
    assert re.match(r"mine\.py:[23]: EffectStuck: it did not end, and was ended: ", log[0])
    with pytest.raises(Fault, match="EffectStuck"):
        ended_in_time(
            lambda: LoadedEffect("loop", header_of(LOOPS + "effect(1, 2, 3)", "l.py")), 0.05
        )
    assert ended_in_time(lambda: 5, 9.0) == 5


def test_one_that_waits_inside_a_library_is_left_behind_and_the_picture_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("vj.effects.stuck.GRACE", 0.05)
    effect, log = played(WAITS, limit=0.05)
    lock = threading.Lock()
    effect._effect._function.__globals__["lock"] = lock
    stage = stage_of(effect)
    off = snapshot(effects__mine__amount=0)
    assert stage.of(GREY, snapshot(), 0.0, 0)[0, 0, 0] == 101
    lock.acquire()
    for number in range(1, 4):
        assert stage.of(GREY, snapshot(), 99.0 * number, number) is GREY
        stage.of(GREY, off, 99.0 * number, number)  # what still waits is not begun again
    assert len(log) == 1, "and is told once"
    assert log[0].startswith("mine.py:2: has not ended after 0.1 s: with lock:")
    assert "the effect mine is left out" in log[0]
    lock.release()
    until(lambda: not effect._thread.waits)
    stage.of(GREY, off, 999.0, 5)
    assert stage.of(GREY, snapshot(), 999.0, 6)[0, 0, 0] == 101


def test_an_effects_thread_ends_with_the_effect() -> None:
    effect, _ = played("def effect(frame, parameters, time):\n    return frame\n", name="brief")
    stage_of(effect).of(GREY, snapshot(), 0.0, 0)
    assert "effect brief" in [thread.name for thread in threading.enumerate()]
    del effect
    until(lambda: "effect brief" not in [thread.name for thread in threading.enumerate()])


def test_a_hard_cut_and_panic_empty_what_effects_remember_before_the_new_scene_is_seen() -> None:
    """Each writes how many frames it remembers into rows of its own."""
    counts = (
        "def effect(frame, parameters, time, memory):\n"
        "    memory['frames'] = memory.get('frames', 0) + 1\n"
        "    frame[ROWS] = memory['frames']\n"
        "    return frame\n"
    )
    pipeline = FramePipeline(Size(64, 64), "crop", Metrics(), print)
    rows = {"before": "16:24", "after": "40:48"}
    pipeline.effects.use(
        [played(counts.replace("ROWS", rows[at]), at, at=at, live=False)[0] for at in rows]
    )
    store = Store({"feedback/amount": 0, "blend/smoothing": 0, "mix/wet": 0})
    scenes = [Scene(seed, Size(64, 64)) for seed in (1, 2)]
    found = []
    for number in range(10):
        picture = scenes[number // 5].at(number)
        if number == 8:
            store.set("panic", True)
        shown = pipeline.process(Frame(picture, number, number / 30), store.sample(number / 30))
        found.append((int(shown.pixels[20, 9, 0]), int(shown.pixels[44, 9, 0])))
    pipeline.close()
    assert found == [(n, n) for n in (1, 2, 3, 4, 5, 1, 2, 3, 1, 2)]


def test_a_value_of_another_kind_is_the_start_value() -> None:
    stage = stage_of(played(ADDS)[0])
    made = stage.of(GREY, snapshot(effects__mine__much="of a take"), 0.0, 0)
    assert made[0, 0, 0] == 110
