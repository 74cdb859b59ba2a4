"""A show begins with the first generated frame: timeline, curves, what follows cues, takes and
recordings; what is played before is kept."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from tests.conftest import PlayShow
from tests.shows import PlayedShow
from tests.waiting import PATIENCE, until
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
        assert opened.wait(PATIENCE)
        if getattr(spec, "name", "") == "lost":
            raise Fault("model lost: there is no such model")
        return Red(size)

    monkeypatch.setattr("vj.app.model_loader.make_backend", make)
    return opened


Begin = Callable[..., PlayedShow]


def record(show: PlayedShow, count: int) -> None:
    """Frames, until more than so many are recorded; the clock waits for the recorder, which would
    leave some out."""
    (runner,) = show.performance.outputs.sinks.running()

    def one_more() -> bool:
        show.frames(1)
        until(lambda: runner.mailbox._item is None)
        return runner.sent > count

    until(one_more)


@pytest.fixture
def begin(tmp_path: Path, play_show: PlayShow) -> Begin:
    """The show, being played with this model and this source."""

    def make(model: str = "red", source: str = "testcard", **options: object) -> PlayedShow:
        path = tmp_path / "dusk.yaml"
        path.write_text(SHOW.format(model=model, source=source, movie=tmp_path / "dusk.mp4"))
        return play_show(path, **options)

    return make


def test_nothing_moves_by_itself_before_the_model_paints(
    begin: Begin, gate: threading.Event
) -> None:
    show = begin()
    show.frames(20)
    assert show.performance.session.engine.cues.current is None
    assert show.performance.store.get("mix/wet") == show.performance.store.start_of("mix/wet")
    assert show.performance.playing_for() == 0
    assert set(show.performance.outputs.sinks.sent().values()) == {0}, "nothing is recorded"
    gate.set()
    show.until(lambda: show.performance.session.engine.cues.current == "one")
    assert float(show.performance.store.get("mix/wet")) < 0.5, "the curve is near its start"
    show.until(lambda: show.performance.session.engine.cues.current == "two")
    assert show.performance.playing_for() == pytest.approx(0.2, abs=3 / 60)


def test_a_cue_that_was_fired_while_it_loaded_stands_and_is_followed_from_the_beginning(
    begin: Begin, gate: threading.Event
) -> None:
    show = begin()
    show.performance.store.set("strength", 0.66)
    show.performance.store.set("cue/fire", "one")
    show.until(lambda: show.performance.store.get("strength") == 0.2)
    show.frames(round(0.3 * 60))
    assert show.performance.session.engine.cues.current == "one", (
        "its follower waits for the beginning"
    )
    gate.set()
    show.until(lambda: show.performance.session.engine.cues.current == "two")


def test_what_hands_set_meanwhile_is_kept(begin: Begin, gate: threading.Event) -> None:
    show = begin()
    show.performance.store.set("prompt/a", "rain on glass")
    show.frames(5)
    gate.set()
    show.until(lambda: show.performance.loop.first is not None)
    show.frames(3)
    assert show.performance.store.get("prompt/a") == "rain on glass"


def test_panic_while_it_loads_holds_the_timeline_after_it_too(
    begin: Begin, gate: threading.Event
) -> None:
    show = begin()
    show.performance.store.set("panic", True)
    show.frames(3)
    gate.set()
    show.until(lambda: show.performance.loop.first is not None)
    show.frames(20)
    assert show.performance.session.engine.cues.current is None
    show.performance.store.set("timeline/play", True)
    show.until(lambda: show.performance.session.engine.cues.current == "one")


def test_a_model_that_does_not_load_begins_the_show_untouched(
    begin: Begin, gate: threading.Event
) -> None:
    show = begin("lost")
    gate.set()
    show.until(lambda: show.performance.session.engine.cues.current == "two")
    assert show.performance.run_state.text == "no model"
    assert show.performance.playing_for() > 0


def test_a_written_take_begins_with_the_first_generated_image(
    begin: Begin, gate: threading.Event, tmp_path: Path
) -> None:
    show = begin(take_log=tmp_path / "dusk.take")
    show.frames(30)
    show.performance.store.set("strength", 0.33)
    show.frames(3)
    gate.set()
    show.until(lambda: show.performance.session.engine.cues.current == "two")
    show.frames(5)
    painted = show.performance.loop._count - (show.performance.loop.first or 0)
    show.performance.stop()
    take = Take(tmp_path / "dusk.take", show.performance.store.table)
    assert take.at("strength", 0.0) == 0.2, "the timeline's cue at 0 has been fired"
    assert take.at("strength", take.seconds) == 0.9
    assert take.seconds < (painted + 3) / 30, "nothing of the loading is in it"


def test_a_take_that_is_played_stands_at_its_start_meanwhile_and_another_model_does_not_rewind_it(
    begin: Begin, gate: threading.Event, tmp_path: Path
) -> None:
    path = tmp_path / "ramp.take"
    lines = [f"{index / 10:.6f} strength={index / 100:.3f}" for index in range(101)]
    path.write_text("# vj take 1\n" + "\n".join(lines) + "\n")
    values: list[float] = []
    show = begin(replay=Take(path, TABLE))
    show.performance.store.observers.append(lambda snapshot: values.append(snapshot["strength"]))
    show.frames(20)
    assert set(values) == {0.0}
    gate.set()
    show.until(lambda: values[-1] > 0.02)
    path = tmp_path / "dusk.yaml"
    path.write_text(path.read_text().replace("model: red", "model: blue"))
    count = len(values)
    show.performance.adopt(load_show(path))
    show.until(lambda: len(values) > count + 40)
    assert values[count:] == sorted(values[count:]), "it goes on where it was"


def test_a_recording_holds_no_untouched_input(
    begin: Begin, gate: threading.Event, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = FramePipeline.process

    def travelled(self: FramePipeline, *given: object) -> object:
        made = process(self, *given)  # type: ignore[arg-type]
        if isinstance(self.backend, Red):
            made.picture[...] = (255, 0, 0)
        return made

    monkeypatch.setattr(FramePipeline, "process", travelled)
    show = begin()
    show.frames(30)
    gate.set()
    record(show, 10)
    show.performance.stop()
    with av.open(str(tmp_path / "dusk.mp4")) as movie:
        first = next(movie.decode(video=0)).to_ndarray(format="rgb24")
    red, green, blue = first.reshape(-1, 3).mean(0)
    assert red > 200, (red, green, blue)
    assert green < 40, (red, green, blue)


def test_where_the_time_goes_is_logged_with_the_first_generated_image(tmp_path: Path) -> None:
    moments = iter([10.0, 10.5, 11.0, 11.25, 99.0])
    startup = StartupTimes(lambda: next(moments))
    startup.record("imports")
    startup.record("the model")
    messages = startup.report()
    startup.record("too late")
    assert messages[0] == "seconds from the start, and since the line before"
    assert [line.split(None, 2)[2] for line in messages[1:]] == ["Python", "imports", "the model"]
    first, second, third = (float(line.split()[0]) for line in messages[1:])
    assert second - first == pytest.approx(0.5, abs=0.011)
    assert third - second == pytest.approx(0.25, abs=0.011)
    assert startup.report() == messages


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
    begin: Begin, gate: threading.Event, tmp_path: Path, loop: str
) -> None:
    ramp(tmp_path / "ramp.mp4", 30)
    show = begin(source=f"{tmp_path / 'ramp.mp4'}\nloop: {loop}")
    show.frames(round(1.3 * 60))
    assert not show.performance.ended, "it has not begun yet"
    gate.set()
    record(show, 15)
    show.performance.stop()
    with av.open(str(tmp_path / "dusk.mp4")) as movie:
        light = [frame.to_ndarray(format="gray").mean() for frame in movie.decode(video=0)]
    assert light[0] < 20 + 6 * 2, "the recording begins with the clip's first picture"
    assert light[10] > light[0] + 12


def test_a_clip_that_plays_once_ends_the_show_after_it_has_been_painted(
    begin: Begin, gate: threading.Event, tmp_path: Path
) -> None:
    ramp(tmp_path / "ramp.mp4", 12)
    gate.set()
    show = begin(source=f"{tmp_path / 'ramp.mp4'}\nloop: false")
    show.until(lambda: show.performance.ended)
    assert show.performance.playing_for() > 0.2
