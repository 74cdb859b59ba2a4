"""A show saved while it plays is adopted as a whole or not at all, and what plays is not held up by
it."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import pytest
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.udp_client import SimpleUDPClient

from vj.app.live import Performance
from vj.core.errors import Fault
from vj.core.frame import Size
from vj.pipeline.backend import PassThrough
from vj.pipeline.compositor import HostCompositor
from vj.show.load import load_show
from vj.show.reload import ShowFile

Save = dict[str, str]
LINES = {
    "show": "Dock",
    "source": "testcard",
    "model": "none",
    "size": "64x64",
    "sinks": "[]",
    "midi": "off",
    "osc": "127.0.0.1:0",
    "start": "{strength: 0.3}",
    "cues": "[{name: fog, set: {strength: 0.2}}]",
}


class Stage:
    """A performance of a show file, in this process."""

    def __init__(self, folder: Path, **lines: str) -> None:
        self.path = folder / "dock.yaml"
        self.lines: Save = {**LINES, **lines}
        self._write()
        self.said: list[str] = []
        self.file = ShowFile(self.path, None, self.said.append)
        self.played = Performance(load_show(self.path), self.said.append, file=self.file)
        self.played.start()
        self.until(lambda: self.played.run_state.text in ("playing", "no model"))

    def _write(self) -> None:
        part = self.path.with_suffix(".part")
        part.write_text("".join(f"{key}: {value}\n" for key, value in self.lines.items()))
        os.replace(part, self.path)

    def save(self, **lines: str) -> str:
        """Save the show with other lines; what is said of it."""
        self.lines.update(lines)
        self._write()
        before = len(self.said)
        self.until(lambda: bool(self.played.background.check()) or len(self.said) > before)
        return "\n".join(self.said[before:])

    def until(self, true: Callable[[], bool], seconds: float = 20) -> None:
        end = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end, self.said
            time.sleep(0.01)

    def value(self, name: str) -> object:
        return self.played.store.get(name)


Make = Callable[..., Stage]


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    monkeypatch.chdir(tmp_path)
    made: list[Stage] = []

    def make(**lines: str) -> Stage:
        made.append(Stage(tmp_path, **lines))
        return made[-1]

    yield make
    for one in made:
        one.played.stop()


class Broken(Exception):
    """Nobody knows it."""


ERRORS = [
    PermissionError(13, "Permission denied"),
    RecursionError("too deep"),
    Broken("what"),
    Fault("no"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("place", ["desk", "sinks", "source"])
def test_whatever_is_thrown_the_running_show_is_untouched_as_a_whole(
    stage: Make, monkeypatch: pytest.MonkeyPatch, error: Exception, place: str
) -> None:
    one = stage()
    played = one.played
    sinks, capture, engine, show = (
        played.outputs.sinks.states(),
        played.video_input.capture,
        played.session.engine,
        played.run_state.show,
    )

    def throw(*_: Any, **__: Any) -> None:
        raise error

    changed = {
        "start": "{strength: 0.8}",
        "cues": "[{name: sun, set: {strength: 0.9}}]",
        "sinks": "[record:out.mp4]",
        "source": "none",
        "fps": "24",
        "output": "128x128",
    }
    with monkeypatch.context() as patch:
        if place == "desk":
            patch.setattr(played.session, "prepare", throw)
        elif place == "source":
            patch.setattr(played.video_input.capture, "prepare", throw)
        else:
            patch.setattr("vj.app.sink_group.make_sink", throw)
        said = one.save(**changed)
    assert "the running show goes on as it was" in said
    assert f"{one.path}:" in said
    assert "Traceback" not in said
    assert (
        played.outputs.sinks.states(),
        played.video_input.capture,
        played.session.engine,
        played.run_state.show,
    ) == (
        sinks,
        capture,
        engine,
        show,
    )
    assert one.value("strength") == 0.3
    assert played.outputs.upscaler is None
    one.until(lambda: "upscale" not in played.supervisor.threads)
    assert played.loop.period == pytest.approx(1 / 30)
    one.lines = {**LINES, "start": "{strength: 0.4}"}
    assert "changed: strength" in one.save()


def test_a_source_that_is_missing_is_said_with_its_line_and_nothing_else_changes(
    stage: Make,
) -> None:
    one = stage()
    said = one.save(source="lost.mp4", start="{strength: 0.9}")
    assert f"{one.path}:2: source: video:" in said
    assert "lost.mp4: there is no such file" in said
    assert one.value("strength") == 0.3
    assert one.played.video_input.state.startswith("testcard")
    one._write()
    one.lines["source"] = "testcard"
    assert "changed: strength" in one.save(), "put right, all of it is taken"


def test_a_watch_that_throws_is_reported_and_goes_on(
    stage: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = stage()

    def throw() -> None:
        raise Broken("in the watch")

    with monkeypatch.context() as patch:
        patch.setattr(one.file, "changed", throw)
        one.played.background.check()
        one.played.background.check()
    assert sum("in the watch" in said for said in one.said) == 1, "once"
    assert one.played.supervisor.faults["the watch over the show file"] == 2
    assert "changed: strength" in one.save(start="{strength: 0.5}")


def test_the_size_that_is_sent_changes_and_comes_back(stage: Make) -> None:
    one = stage(sinks="[record:out.mp4]")
    played = one.played
    one.until(lambda: sum(played.outputs.sinks.sent().values()) > 5)
    assert "changed: output" in one.save(output="160x160")
    one.until(lambda: any("go on in a new file" in said for said in one.said))
    assert "changed: upscale" in one.save(upscale="lanczos")
    del one.lines["output"]
    assert "changed: output" in one.save()
    assert played.outputs.upscaler is None
    count = sum(played.outputs.sinks.sent().values())
    one.until(lambda: sum(played.outputs.sinks.sent().values()) > count + 10)
    assert not any("next start" in said for said in one.said)
    played.stop()
    sizes = []
    for name in ("out.mp4", "out-2.mp4", "out-3.mp4"):
        with av.open(name) as file:
            pictures = [
                (picture.width, picture.height, picture.to_ndarray(format="rgb24").mean())
                for picture in file.decode(video=0)
            ]
        assert pictures
        assert min(light for _, _, light in pictures) > 20, "no picture is black"
        sizes.append(pictures[0][:2])
    assert sizes == [(64, 64), (160, 160), (64, 64)]


def test_the_painted_size_the_rate_and_the_fit_change(stage: Make) -> None:
    one = stage()
    played = one.played
    assert "changed: size" in one.save(size="96x64")
    one.until(lambda: played.size == Size(96, 64))
    one.until(
        lambda: (
            played.video_input.capture is not None and f"{Size(96, 64)}" in played.video_input.state
        )
    )
    assert "changed: fps" in one.save(fps="12")
    assert played.loop.period == pytest.approx(1 / 12)
    assert "changed: fit" in one.save(fit="pad")
    one.until(lambda: played.loop.pipeline._fit == "pad")
    assert "changed: flow" in one.save(flow="farneback")
    assert not any("next start" in said for said in one.said)
    painted = played.metrics.painted
    one.until(lambda: played.metrics.painted > painted + 3)


def test_a_way_to_find_motion_that_is_missing_is_refused(stage: Make) -> None:
    one = stage()
    said = one.save(flow="raft:lost.pth", person="lost.onnx")
    assert "the running show goes on as it was" in said
    assert one.played.run_state.show.flow == "dis"


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_osc_is_heard_elsewhere_and_answers_elsewhere(stage: Make) -> None:
    first, second = free_port(), free_port()
    one = stage(osc=f"127.0.0.1:{first}")
    assert "changed: osc" in one.save(osc=f"127.0.0.1:{second}")
    SimpleUDPClient("127.0.0.1", second).send_message("/vj/strength", 0.75)
    one.until(lambda: one.value("strength") == 0.75)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind(("127.0.0.1", 0))
        ear.settimeout(5)
        reply = f"127.0.0.1:{ear.getsockname()[1]}"
        said = one.save(osc=f"{{listen: 127.0.0.1:{second}, reply: {reply}}}")
        assert "changed: osc" in said, "the same port with another reply"
        assert "in use" not in said
        while OscMessage(ear.recv(65536)).address != "/vj/status/fps":
            pass
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
        again.bind(("127.0.0.1", first))  # what it left is free


def test_heard_at_the_next_free_port_it_stays_there_when_only_the_reply_is_saved(
    stage: Make,
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        taken = other.getsockname()[1]
        one = stage(osc=f"127.0.0.1:{taken}")
        assert one.played.servers.osc is not None
        there = one.played.servers.osc.address[1]
        assert there > taken
        one.save(osc=f"{{listen: 127.0.0.1:{taken}, reply: 127.0.0.1:9}}")
        assert one.played.servers.osc.address[1] == there


def test_who_has_subscribed_is_told_on_when_osc_moves(stage: Make) -> None:
    first, second = free_port(), free_port()
    one = stage(osc=f"127.0.0.1:{first}")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind(("127.0.0.1", 0))
        ear.settimeout(5)
        message = OscMessageBuilder("/vj/subscribe").build().dgram
        ear.sendto(message, ("127.0.0.1", first))
        ear.recv(65536)
        assert "changed: osc" in one.save(osc=f"127.0.0.1:{second}")
        one.played.store.set("delta", 0.4375)
        while True:
            report = OscMessage(ear.recv(65536))
            if report.address == "/vj/delta" and report.params == [0.4375]:
                break


def test_a_modulator_moves_between_its_ends_when_only_the_start_was_saved(stage: Make) -> None:
    lfo = "[{lfo: square, name: beat, rate: 0.2 s, to: delta, range: [0.3, 0.7]}]"
    one = stage(modulators=lfo, start="{delta: 0.5}")
    one.save(start="{delta: 0.2}")
    one.until(lambda: one.value("delta") == 0.2)
    time.sleep(0.3)
    values = {
        round(one.played.store.sample(one.played.clock.now()).values["delta"], 3)
        for _ in range(60)
        if time.sleep(0.01) is None
    }
    assert values <= {0.3, 0.7}


def test_link_is_joined_once_however_often_the_show_is_saved(
    stage: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    class Session:
        def __call__(self) -> tuple[float, float] | None:
            return 128.0, one.played.clock.now() * 128 / 60

        def set_tempo(self, bpm: float) -> None:
            opened.append(f"tempo {bpm:g}")

    def join(bpm: float, quantum: float) -> tuple[Session, Callable[[], None]]:
        opened.append("in")
        return Session(), lambda: opened.append("out")

    monkeypatch.setattr("vj.control.session.open_link", join)
    one = stage(tempo="{bpm: 120, follow: link}")
    one.until(lambda: one.played.session.engine.tempo.linked)
    one.save(mappings="[{midi: cc 7, to: delta}]", midi="[nothing of this name]")
    one.save(cues="[{name: other, set: {strength: 0.2}}]")
    assert [word for word in opened if word in ("in", "out")] in (["in"], ["in", "out", "in"])
    one.save(tempo="{bpm: 120, follow: nobody}")
    assert opened[-1] == "out"
    assert opened.count("in") == opened.count("out")
    one.played.store.set("panic", True)
    one.until(lambda: one.played.session.engine.tempo.bpm == 120)


def test_the_page_comes_moves_and_goes(stage: Make) -> None:
    one = stage(preview="127.0.0.1:0")
    assert one.played.servers.page is None
    assert "the page is at http://127.0.0.1:" in one.save(sinks="[preview]")
    first = one.played.servers.page
    assert first is not None
    port = free_port()
    assert f"the page is at http://127.0.0.1:{port}/" in one.save(preview=f"127.0.0.1:{port}")
    with socket.create_connection(("127.0.0.1", port), 5):
        pass
    one.save(sinks="[]")
    assert one.played.servers.page is None


class Other(PassThrough):
    """A backend of a name of its own, whose canvas may refuse to take over."""

    def __init__(self, name: str, size: Size, error: Exception | None = None) -> None:
        super().__init__(size, name)
        self.compositor = HostCompositor(size, plain=True)
        self.closed = False
        if error is not None:

            def throw(last: object) -> None:
                raise error

            self.compositor.take_over = throw  # type: ignore[method-assign]

    def close(self) -> None:
        self.closed = True


def test_a_model_that_does_not_load_leaves_the_old_one_painting_and_says_so(
    stage: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Other] = []

    def make(spec: Any, engine: object, size: Size, *_: object) -> Other:
        if spec.name == "lost":
            raise Fault("model lost: there is no such model")
        if spec.name == "odd":
            raise ZeroDivisionError("of a library")
        error = RuntimeError("the card is full") if spec.name == "large" else None
        made.append(Other(spec.name, size, error))
        return made[-1]

    monkeypatch.setattr("vj.app.model_loader.make_backend", make)
    one = stage(model="first")
    played = one.played
    assert played.loop.backend_name == "first"
    one.until(lambda: played.run_state.playing_since is not None)
    since = played.run_state.playing_since
    for name, words in (
        ("lost", "model lost: there is no such model; first paints on"),
        ("odd", "model odd: ZeroDivisionError: of a library; first paints on"),
        ("large", "model large: RuntimeError: the card is full; first paints on"),
    ):
        assert "changed: model" in one.save(model=name)
        one.until(lambda words=words: words in one.said)  # type: ignore[misc]
        assert played.loop.backend_name == "first"
        assert played.run_state.text == "playing"
    one.until(lambda: made[1].closed)
    assert not made[0].closed
    painted = played.metrics.painted
    one.until(lambda: played.metrics.painted > painted + 3)
    assert len(made) == 2
    one.save(model="first")
    time.sleep(0.2)
    assert len(made) == 2, "it paints already: nothing is loaded"
    one.save(model="second")
    one.until(lambda: "playing with second" in one.said)
    one.until(lambda: made[0].closed)
    assert played.run_state.playing_since == since
