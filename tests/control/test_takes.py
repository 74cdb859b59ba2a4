"""Takes: recorded sets, replayed."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.control.harness import CUES, FPS, ControlHarness
from tests.waiting import until
from vj.control.take_recording import TakeRecording
from vj.control.takes import FIRST_LINE, Take, TakeWriter
from vj.core.errors import Fault
from vj.core.frame import Size
from vj.core.supervisor import Supervisor
from vj.parameters.store import Store
from vj.show.load import check_show


def test_a_take_replays_the_same_values_on_the_same_frames(tmp_path: Path) -> None:
    show = {
        "start": {"strength": 0.4},
        "cues": CUES,
        "macros": {"pedal": {"attack": "0.4 s", "drives": {"strength": [0.4, 0.9]}}},
        "modulators": [{"lfo": "noise", "rate": 0.7, "to": "feedback/zoom", "depth": 0.02}],
        "mappings": [{"osc": "/f", "to": "mix/wet", "smooth": "0.3 s"}],
    }
    controls = ControlHarness(**show)
    path = tmp_path / "set.take"
    writer = TakeWriter(path, "a show", controls.messages.append, lambda: Size(64, 48))
    controls.store.observers.append(writer.record)
    chance = random.Random(1)
    for turn in range(20):
        controls.osc("/f", chance.random())
        controls.store.set("macro/pedal", turn % 2)
        if turn % 6 == 1:
            controls.store.set("cue/go", True)
        controls.store.set("prompt/b", f'a "quoted" = text {turn}')
        controls.play(0.3)
    writer.close()
    again = Store(controls.show.start, controls.show.table())
    take = Take(path, controls.show.table())
    again.automation = take
    for frame in controls.frames:
        replayed = again.sample(frame.time)
        for name, value in frame.values.items():
            if name.startswith(("cue/", "macro/", "mod/")):
                continue
            assert replayed[name] == (
                pytest.approx(value, abs=2e-6) if isinstance(value, float) else value
            ), (frame.time, name)
    assert take.size == Size(64, 48)
    assert take.seconds == pytest.approx(controls.frames[-1].time, abs=0.04)
    assert path.stat().st_size < 120 * len(controls.frames), "compact"


def test_between_near_frames_a_number_that_goes_on_changing_runs_straight(tmp_path: Path) -> None:
    path = tmp_path / "t.take"
    path.write_text(
        f"{FIRST_LINE}\n0.0 strength=0\n0.1 strength=0.5\n0.2 strength=1\n5.0 strength=0.5\n5.1 "
        "delta=1\n",
        encoding="utf-8",
    )
    take = Take(path, Store().table)
    assert take.at("strength", 0.05) == pytest.approx(0.25)
    assert take.at("strength", 0.15) == pytest.approx(0.75)
    assert take.at("strength", 4.9) == 1.0, "it stood still, and then jumped"


@pytest.mark.parametrize("rate", [FPS, 2 * FPS, 50])
def test_a_replayed_step_stays_a_step_and_a_ramp_a_ramp(tmp_path: Path, rate: int) -> None:
    """At the show's own rate every frame has the live run's values; at another no value that was
    never there."""
    lfos = [
        {"lfo": "square", "rate": "0.2 s", "to": "picture/brightness", "range": [-0.5, 0.5]},
        {"lfo": "triangle", "rate": "2 s", "to": "picture/contrast", "range": [0.5, 1.5]},
    ]
    controls = ControlHarness(
        modulators=lfos,
        cues=[{"name": "a", "fade": "1 s", "set": {"delta": 0.2}}],
        timeline=[{"at": "0:01", "cue": "a"}],
    )
    writer = TakeWriter(tmp_path / "t.take", "test", print, lambda: Size(64, 64))
    controls.store.observers.append(writer.record)
    frames = controls.play(4)
    writer.close()
    take = Take(tmp_path / "t.take", controls.store.table)
    for number in range(4 * rate - rate // FPS):
        moment = number / rate
        if rate == FPS:
            for name in ("picture/brightness", "picture/contrast", "delta"):
                assert take.at(name, moment) == pytest.approx(frames[number][name], abs=2e-6)
        assert take.at("picture/brightness", moment) in (-0.5, 0.5)
        triangle = 0.5 + (1 - abs(2 * ((moment / 2) % 1) - 1))
        assert take.at("picture/contrast", moment) == pytest.approx(triangle, abs=0.02)


def test_a_take_that_begins_in_the_middle_starts_no_sound_that_was_heard_before(
    tmp_path: Path,
) -> None:
    controls = ControlHarness(sounds={"crash": "drawn:impact"})
    controls.store.set("sound/crash/play", True)
    controls.play(0.2)
    says: list[str] = []
    takes = TakeRecording(
        controls.store, says.append, lambda: Size(64, 64), Supervisor(says.append), False
    )
    takes.start("a show", tmp_path / "t.take")
    controls.play(0.2)
    controls.store.set("sound/crash/play", True)
    frames = controls.play(0.2)
    takes.end()
    take = Take(tmp_path / "t.take", controls.store.table)
    again = Store(controls.show.start, controls.show.table())
    again.automation = take
    counts = [again.sample(number / FPS)["sound/crash/play"] for number in range(len(frames) * 2)]
    assert (counts[0], counts[-1]) == (0, 1)


def test_a_jump_to_a_whole_number_is_a_jump(tmp_path: Path) -> None:
    """Just after it had jumped elsewhere, as on a cut; a cue says 0, not 0.0."""
    controls = ControlHarness(cues=[{"name": "end", "set": {"picture/contrast": 0}}])
    writer = TakeWriter(tmp_path / "t.take", "test", print, lambda: Size(64, 64))
    controls.store.observers.append(writer.record)
    controls.play(1)
    controls.store.fade("picture/contrast", 1.5, 0.0)
    controls.play(2 / FPS)
    controls.store.set("cue/fire", "end")
    controls.play(0.2)
    writer.close()
    take = Take(tmp_path / "t.take", controls.store.table)
    assert [take.at("picture/contrast", (29.5 + n) / FPS) for n in range(4)] == [1, 1.5, 1.5, 0]


def test_a_take_overwrites_nothing(tmp_path: Path) -> None:
    messages: list[str] = []
    for _ in range(3):
        TakeWriter(tmp_path / "set.take", "test", messages.append, lambda: Size(64, 64)).close()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "set-2.take",
        "set-3.take",
        "set.take",
    ]
    assert "is there already; this one goes into" in messages[0]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_disk_ends_a_take_with_a_word_and_takes_no_more_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages: list[str] = []
    monkeypatch.setattr("vj.control.takes._new_file", lambda path: (open("/dev/full", "w"), path))  # noqa: SIM115
    writer = TakeWriter(tmp_path / "set.take", "test", messages.append, lambda: Size(64, 64))
    controls = ControlHarness(
        modulators=[{"lfo": "sine", "rate": "1 s", "to": "delta", "depth": 0.1}]
    )
    controls.store.observers.append(writer.record)
    until(lambda: (controls.play(0.1), writer.ended)[1])
    controls.play(2)
    assert messages == [f"take {writer.path}: No space left on device; it ends here"]
    assert writer._queue.qsize() < 10
    writer.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_take_that_has_ended_early_is_not_shown_as_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vj.control.takes._new_file", lambda path: (open("/dev/full", "w"), path))  # noqa: SIM115
    controls, messages = ControlHarness(), list[str]()
    supervisor = Supervisor(messages.append)
    take = TakeRecording(
        controls.store, messages.append, lambda: Size(64, 64), supervisor, waits=False
    )
    take.start("test", tmp_path / "set.take")
    until(lambda: (controls.play(0.1), take.seconds is None)[1])
    assert "it ends here" in messages[-1]
    take.end()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hello", "is no take"),
        (f"{FIRST_LINE}\nsoon strength=1\n", "2: 'soon' is no time"),
        (f"{FIRST_LINE}\n1 strength=1\n0 strength=1\n", "3: 0 s lies before"),
        (f"{FIRST_LINE}\n1 strength=}}\n", "2: 'strength' is not followed"),
        (f'{FIRST_LINE}\n1 strength="x"\n', "2: strength: 'x' is not a number"),
        (f"{FIRST_LINE}\n", "holds no frame"),
    ],
)
def test_a_take_that_is_none_says_where(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "t.take"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Fault, match=words):
        Take(path, Store().table)


@pytest.mark.parametrize("value", ['"on"', "null", "[1]"])
def test_a_take_whose_trigger_is_no_count_is_reported_with_its_line(
    tmp_path: Path, value: str
) -> None:
    path = tmp_path / "set.take"
    path.write_text(
        f"{FIRST_LINE}\n0.0 strength=0.5\n0.1 mask/learn={value}\n0.2\n", encoding="utf-8"
    )
    with pytest.raises(Fault, match=r"set\.take:3: mask/learn"):
        Take(path, Store().table)


def test_a_source_that_was_found_on_another_machine_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "t.take"
    path.write_text(
        f'{FIRST_LINE}\n0.0 source="" strength=0\n1.0 source="camera:Logitech" strength=1\n'
        '2.0 source="testcard"\n'
    )
    take = Take(path, check_show({"source": "testcard"}, "here").table())
    assert take.unknown == {"source 'camera:Logitech'"}
    assert [take.at("source", time) for time in (0.5, 1.5, 2.5)] == ["", "", "testcard"]
    assert take.at("strength", 1.5) == 1
