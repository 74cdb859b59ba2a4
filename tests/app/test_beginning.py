"""A show begins with the first generated frame: timeline, curves, what follows cues, takes and
recordings; what is played before is kept."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from vj.app.live import Performance
from vj.app.startup_times import StartupTimes
from vj.control.takes import Take
from vj.core.errors import Fault
from vj.core.frame import Size
from vj.parameters.table import TABLE
from vj.pipeline.backend import PassThrough
from vj.pipeline.frame_pipeline import FramePipeline
from vj.show.load import load_show

SHOW = """\
show: dusk
source: {source}
model: {model}
size: 64x64
fps: 60
osc: 127.0.0.1:0
sinks: ["record:{movie}"]
modulators: []
cues:
  - {{name: one, fade: 0, follow: 0.2, set: {{strength: 0.2}}}}
  - {{name: two, fade: 0, set: {{strength: 0.9}}}}
timeline:
  - {{at: 0, cue: one}}
curves:
  - {{to: mix/wet, points: [[0, 0.1], [2, 1]]}}
"""


class Red(PassThrough):
    """A model that has been loaded."""

    name = "red"


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """A model that has loaded once this is set; one named `lost` does not load."""
    opened = threading.Event()

    def make(spec: object, engine: object, size: Size, *_: object) -> PassThrough:
        assert opened.wait(10)
        if getattr(spec, "name", "") == "lost":
            raise Fault("model lost: there is no such model")
        return Red(size)

    monkeypatch.setattr("vj.app.model_loader.make_backend", make)
    return opened


Stage = Callable[..., Performance]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    running: list[Performance] = []

    def make(model: str = "red", source: str = "testcard", **options: object) -> Performance:
        path = tmp_path / "dusk.yaml"
        path.write_text(SHOW.format(model=model, source=source, movie=tmp_path / "dusk.mp4"))
        made = Performance(load_show(path), lambda text: None, **options)  # type: ignore[arg-type]
        running.append(made)
        made.start()
        return made

    yield make
    for one in running:
        one.stop()


def until(true: Callable[[], object], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.005)


def shown(played: Performance, more: int) -> None:
    """So many further frames."""
    begin = played.loop._count
    until(lambda: played.loop._count >= begin + more)


def test_nothing_moves_by_itself_before_the_model_paints(
    stage: Stage, gate: threading.Event
) -> None:
    played = stage()
    shown(played, 20)
    assert played.session.engine.cues.current is None
    assert played.store.get("mix/wet") == played.store.start_of("mix/wet")
    assert played.playing_for() == 0
    assert set(played.outputs.sinks.sent().values()) == {0}, "nothing is recorded"
    gate.set()
    until(lambda: played.session.engine.cues.current == "one")
    assert float(played.store.get("mix/wet")) < 0.5, "the curve is near its start"
    until(lambda: played.session.engine.cues.current == "two")
    assert 0.19 < played.playing_for() < 5


def test_a_cue_that_was_fired_while_it_loaded_stands_and_is_followed_from_the_beginning(
    stage: Stage, gate: threading.Event
) -> None:
    played = stage()
    played.store.set("strength", 0.66)
    played.store.set("cue/fire", "one")
    until(lambda: played.store.get("strength") == 0.2)
    end = played.clock.now() + 0.3
    until(lambda: played.clock.now() > end)
    assert played.session.engine.cues.current == "one", "its follower waits for the beginning"
    gate.set()
    until(lambda: played.session.engine.cues.current == "two")


def test_what_hands_set_meanwhile_is_kept(stage: Stage, gate: threading.Event) -> None:
    played = stage()
    played.store.set("prompt/a", "rain on glass")
    shown(played, 5)
    gate.set()
    until(lambda: played.loop.first is not None)
    shown(played, 3)
    assert played.store.get("prompt/a") == "rain on glass"


def test_panic_while_it_loads_holds_the_timeline_after_it_too(
    stage: Stage, gate: threading.Event
) -> None:
    played = stage()
    played.store.set("panic", True)
    shown(played, 3)
    gate.set()
    until(lambda: played.loop.first is not None)
    shown(played, 20)
    assert played.session.engine.cues.current is None
    played.store.set("timeline/play", True)
    until(lambda: played.session.engine.cues.current == "one")


def test_a_model_that_does_not_load_begins_the_show_untouched(
    stage: Stage, gate: threading.Event
) -> None:
    played = stage("lost")
    gate.set()
    until(lambda: played.session.engine.cues.current == "two")
    assert played.run_state.text == "no model"
    assert played.playing_for() > 0


def test_a_written_take_begins_with_the_first_painting(
    stage: Stage, gate: threading.Event, tmp_path: Path
) -> None:
    played = stage(take_log=tmp_path / "dusk.take")
    shown(played, 30)
    played.store.set("strength", 0.33)
    shown(played, 3)
    gate.set()
    until(lambda: played.session.engine.cues.current == "two")
    shown(played, 5)
    painted = played.loop._count - (played.loop.first or 0)
    played.stop()
    take = Take(tmp_path / "dusk.take", played.store.table)
    assert take.at("strength", 0.0) == 0.2, "the timeline's cue at 0 has been fired"
    assert take.at("strength", take.seconds) == 0.9
    assert take.seconds < (painted + 3) / 30, "nothing of the loading is in it"


def test_a_take_that_is_played_stands_at_its_start_meanwhile_and_another_model_does_not_rewind_it(
    stage: Stage, gate: threading.Event, tmp_path: Path
) -> None:
    path = tmp_path / "ramp.take"
    lines = [f"{index / 10:.6f} strength={index / 100:.3f}" for index in range(101)]
    path.write_text("# vj take 1\n" + "\n".join(lines) + "\n")
    values: list[float] = []
    played = stage(replay=Take(path, TABLE))
    played.store.observers.append(lambda snapshot: values.append(snapshot["strength"]))
    shown(played, 20)
    assert set(values) == {0.0}
    gate.set()
    until(lambda: values[-1] > 0.02)
    path = tmp_path / "dusk.yaml"
    path.write_text(path.read_text().replace("model: red", "model: blue"))
    count = len(values)
    played.adopt(load_show(path))
    until(lambda: len(values) > count + 40)
    assert values[count:] == sorted(values[count:]), "it goes on where it was"


def test_a_recording_holds_no_untouched_input(
    stage: Stage, gate: threading.Event, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = FramePipeline.process

    def travelled(self: FramePipeline, frame: object, snapshot: object) -> object:
        made = process(self, frame, snapshot)  # type: ignore[arg-type]
        if isinstance(self.backend, Red):
            made.picture[...] = (255, 0, 0)
        return made

    monkeypatch.setattr(FramePipeline, "process", travelled)
    played = stage()
    shown(played, 30)
    gate.set()
    until(lambda: sum(played.outputs.sinks.sent().values()) > 10)
    played.stop()
    with av.open(str(tmp_path / "dusk.mp4")) as movie:
        first = next(movie.decode(video=0)).to_ndarray(format="rgb24")
    red, green, blue = first.reshape(-1, 3).mean(0)
    assert red > 200, (red, green, blue)
    assert green < 40, (red, green, blue)


def test_where_the_time_goes_is_said_with_the_first_painting(tmp_path: Path) -> None:
    moments = iter([10.0, 10.5, 11.0, 11.25, 99.0])
    startup = StartupTimes(lambda: next(moments))
    startup.record("imports")
    startup.record("the model")
    said = startup.report()
    startup.record("too late")
    assert said[0] == "seconds from the start, and since the line before"
    assert [line.split(None, 2)[2] for line in said[1:]] == ["Python", "imports", "the model"]
    first, second, third = (float(line.split()[0]) for line in said[1:])
    assert second - first == pytest.approx(0.5, abs=0.011)
    assert third - second == pytest.approx(0.25, abs=0.011)
    assert startup.report() == said


def ramp(path: Path, frames: int) -> None:
    """A clip that grows brighter from frame to frame, at 30 a second."""
    with av.open(str(path), "w") as movie:
        stream = movie.add_stream("libx264", rate=30, options={"crf": "10", "bf": "0"})
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for index in range(frames):
            pixels = np.full((64, 64, 3), 20 + 6 * index, np.uint8)
            movie.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        movie.mux(stream.encode())


@pytest.mark.parametrize("loop", ["true", "false"])
def test_a_clip_begins_with_the_show_even_if_it_is_shorter_than_the_loading(
    stage: Stage, gate: threading.Event, tmp_path: Path, loop: str
) -> None:
    ramp(tmp_path / "ramp.mp4", 30)
    played = stage(source=f"{tmp_path / 'ramp.mp4'}\nloop: {loop}")
    end = played.clock.now() + 1.3
    until(lambda: played.clock.now() > end)
    assert not played.ended, "it has not begun yet"
    gate.set()
    until(lambda: sum(played.outputs.sinks.sent().values()) > 15)
    played.stop()
    with av.open(str(tmp_path / "dusk.mp4")) as movie:
        light = [frame.to_ndarray(format="gray").mean() for frame in movie.decode(video=0)]
    assert light[0] < 20 + 6 * 2, "the recording begins with the clip's first picture"
    assert light[10] > light[0] + 12


def test_a_clip_that_plays_once_ends_the_show_after_it_has_been_painted(
    stage: Stage, gate: threading.Event, tmp_path: Path
) -> None:
    ramp(tmp_path / "ramp.mp4", 12)
    gate.set()
    played = stage(source=f"{tmp_path / 'ramp.mp4'}\nloop: false")
    until(lambda: played.ended)
    assert played.playing_for() > 0.2
