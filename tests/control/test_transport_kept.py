"""Where a timeline begins, and what of its position panic, a save, a crash and a take keep."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.control.harness import FPS, ControlHarness
from tests.control.test_transport import SHOW, position, sought
from vj.control.build import make_engine
from vj.control.takes import Take, TakeWriter
from vj.core.frame import Size
from vj.show.load import check_show


def test_a_start_value_is_where_the_show_begins() -> None:
    controls = ControlHarness(**{**SHOW, "start": {"timeline/position": 12}})
    frame = controls.play(1 / FPS)[0]
    assert (frame["strength"], frame["noise/hold"]) == (0.8, pytest.approx(8 / 20))
    controls.play(1)
    assert position(controls) == pytest.approx(13)


def test_a_position_set_while_the_model_loads_is_where_the_show_begins() -> None:
    controls = ControlHarness(**SHOW)
    controls.engine.timeline.waits = True
    assert sought(controls, 12)["strength"] == controls.store.start_of("strength")
    assert controls.engine.live_state().timeline == (12.0, False)
    controls.play(2)
    assert controls.engine.cues.current is None
    controls.engine.begin(controls.now)
    assert controls.play(1 / FPS)[0]["strength"] == 0.8
    assert position(controls) == pytest.approx(12)


def test_bars_before_the_beginning_count_at_the_tempo_that_the_show_begins_with() -> None:
    controls = ControlHarness(
        start={"tempo/bpm": 60, "timeline/position": 9},
        cues=[{"name": "a"}, {"name": "b"}],
        timeline=[{"at": 0, "cue": "a"}, {"at": "bar 4", "cue": "b"}],
    )
    controls.play(2.9)
    assert controls.engine.cues.current == "a", "bar 4 is at 12 s"
    controls.play(0.2)
    assert controls.engine.cues.current == "b"


def test_panic_before_the_beginning_keeps_the_place_and_fires_nothing() -> None:
    controls = ControlHarness(**{**SHOW, "start": {"timeline/position": 12}})
    controls.engine.timeline.waits = True
    controls.store.set("panic", True)
    controls.play(0.1)
    controls.engine.begin(controls.now)
    controls.play(2)
    assert controls.at("strength") == controls.store.start_of("strength")
    assert controls.engine.live_state().timeline == (12.0, False)


# Panic, a save, --resume, takes


def test_after_panic_the_position_stays_and_may_be_set() -> None:
    controls = ControlHarness(**SHOW)
    sought(controls, 12)
    controls.store.set("timeline/position", 20)
    controls.store.set("panic", True)
    frame = controls.play(1)[-1]
    assert frame["strength"] == controls.store.start_of("strength")
    assert controls.engine.live_state().timeline == (pytest.approx(12, abs=0.05), False)
    assert sought(controls, 12)["strength"] == 0.8
    assert controls.engine.live_state().timeline == (12.0, False), "until play, or a cue"


def saved(controls: ControlHarness, **changed: Any) -> None:
    """As `vj.app.controls` does it."""
    show = check_show({**SHOW, **changed}, "saved")
    made, _ = make_engine(
        show, controls.store, live=False, log=controls.messages.append, now=lambda: controls.now
    )
    controls.store.adopt({"tempo/bpm": show.tempo.bpm, **show.start}, show.table())
    made.take_over(controls.engine)
    controls.store.listeners[:] = [made.changed]
    controls.store.automation = controls.engine = made


def test_a_save_keeps_the_place_and_the_pause() -> None:
    controls = ControlHarness(**SHOW)
    sought(controls, 12)
    controls.store.set("timeline/pause", True)
    controls.play(40)
    entries = [*SHOW["timeline"], {"at": "0:40", "cue": "calm"}]
    saved(controls, timeline=entries, start={"timeline/position": 3})
    controls.play(1)
    assert position(controls) == pytest.approx(12, abs=0.05), "not where the file begins now"
    controls.store.set("timeline/play", True)
    controls.play(18.2)
    assert controls.engine.cues.current == "end", "at 30 s, which the pause has not passed"


def test_a_save_that_says_another_beginning_does_not_go_there() -> None:
    controls = ControlHarness(**SHOW)
    controls.play(5)
    saved(controls, start={"timeline/position": 30})
    controls.play(1)
    assert position(controls) == pytest.approx(6, abs=0.05)
    assert controls.engine.cues.current == "calm"


@pytest.mark.parametrize("how", ["sought", "resumed"])
def test_a_save_while_the_model_loads_keeps_where_it_will_begin(how: str) -> None:
    controls = ControlHarness(**SHOW)
    controls.engine.timeline.waits = True
    if how == "resumed":
        controls.engine.resume("storm", [12.0, 24.0, "playing"])
    else:
        sought(controls, 12)
    saved(controls, cues=[*SHOW["cues"], {"name": "more"}])
    controls.engine.begin(controls.now)
    controls.play(1 / FPS)
    assert position(controls) == pytest.approx(12)
    assert controls.engine.cues.current == "storm"


def test_a_save_that_takes_the_timeline_away_leaves_nothing_paused() -> None:
    controls = ControlHarness(**SHOW)
    sought(controls, 12)
    controls.store.set("timeline/pause", True)
    controls.play(0.1)
    saved(controls, timeline=[], curves=[])
    controls.play(3.1)
    assert controls.engine.cues.current == "after"


@pytest.mark.parametrize("paused", [False, True])
def test_another_run_resumes_at_the_place_and_in_the_pause(paused: bool) -> None:
    controls = ControlHarness(**SHOW)
    sought(controls, 12)
    if paused:
        controls.store.set("timeline/pause", True)
    controls.play(0.5)
    place = controls.engine.timeline_position()
    assert place is not None
    again = ControlHarness(**{**SHOW, "start": {"timeline/position": 3}})
    again.engine.timeline.waits = True
    again.engine.resume("storm", list(place))
    again.play(1)
    again.engine.begin(again.now)
    again.play(1)
    assert position(again) == pytest.approx(12 + (0 if paused else 1.5), abs=0.05)
    assert again.engine.cues.current == "storm"


def test_a_take_holds_what_a_seek_did_and_not_the_seek(tmp_path: Path) -> None:
    controls = ControlHarness(**SHOW)
    writer = TakeWriter(tmp_path / "t.take", "test", print, lambda: Size(64, 64))
    controls.store.observers.append(writer.record)
    controls.play(0.5)
    sought(controls, 12)
    controls.play(0.5)
    writer.close()
    take = Take(tmp_path / "t.take", controls.store.table)
    assert take.at("timeline/position", 0.6) is None
    for number, frame in enumerate(controls.frames):
        for name in ("strength", "noise/hold"):
            assert take.at(name, number / FPS) == pytest.approx(frame[name], abs=2e-6)
