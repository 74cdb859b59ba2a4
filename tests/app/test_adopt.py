"""A show saved while it plays is adopted as a whole or not at all, and what plays is not held up by
it."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.udp_client import SimpleUDPClient

from tests.shows import free_port
from tests.waiting import PATIENCE, until
from vj.app.live import Performance
from vj.app.portraits import open_portrait
from vj.core.errors import Fault
from vj.core.frame import Size
from vj.pipeline.backend import PassThrough
from vj.pipeline.compositor import HostCompositor
from vj.show.load import load_show
from vj.show.reload import ShowFile
from vj.web.access import Call

Save = dict[str, str]
LINES = {
    "show": "Dock",
    "source": "testcard",
    "model": "none",
    "size": "64x64",
    "sinks": "[]",
    "midi": "off",
    "osc": "127.0.0.1:0",
    "page": "off",
    "start": "{strength: 0.3}",
    "cues": "[{name: fog, set: {strength: 0.2}}]",
}


class SavedShow:
    """A show in this process, played from a file that `save` saves again."""

    def __init__(self, folder: Path, **lines: str) -> None:
        self.path = folder / "dock.yaml"
        self.lines: Save = {**LINES, **lines}
        self._write()
        self.messages: list[str] = []
        self.file = ShowFile(self.path, None, self.messages.append)
        self.performance = Performance(load_show(self.path), self.messages.append, file=self.file)
        self.performance.start()
        self.until(lambda: self.performance.run_state.text in ("playing", "no model"))

    def _write(self) -> None:
        part = self.path.with_suffix(".part")
        part.write_text("".join(f"{key}: {value}\n" for key, value in self.lines.items()))
        os.replace(part, self.path)

    def save(self, **lines: str) -> str:
        """Save the show with other lines. Returns what is logged of it."""
        self.lines.update(lines)
        self._write()
        before = len(self.messages)

        def told() -> bool:
            """Of the file: other threads have their own messages."""
            self.performance.background.check()
            of_it = "the show file was saved", "the running show goes on as it was"
            return any(words in line for line in self.messages[before:] for words in of_it)

        self.until(told)
        return "\n".join(self.messages[before:])

    def until(self, true: Callable[[], object]) -> None:
        until(true, lambda: self.messages)

    def value(self, name: str) -> object:
        return self.performance.store.get(name)


Play = Callable[..., SavedShow]


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Play]:
    monkeypatch.chdir(tmp_path)
    made: list[SavedShow] = []

    def begin(**lines: str) -> SavedShow:
        made.append(SavedShow(tmp_path, **lines))
        return made[-1]

    yield begin
    for show in made:
        show.performance.stop()


class Broken(Exception):
    """Nobody knows it."""


def test_saved_portraits_are_shown_and_one_that_is_not_there_is_refused(play: Play) -> None:
    start = "{portrait/amount: 1, strength: 0}"
    show = play(source="drawn:speaker", start=start, portraits="[drawn:fox]")
    layer = show.performance.loop.pipeline.preparation.portraits

    def shown(name: str) -> bool:
        opened = layer._opened
        still = open_portrait((), name, Size(64, 64)).picture
        return (
            opened is not None
            and opened[1] is not None
            and np.array_equal(opened[1].picture, still)
        )

    show.until(lambda: shown("fox"))
    assert "changed: portraits" in show.save(portraits="[drawn:portrait]")
    show.until(lambda: shown("portrait"))
    refused = show.save(portraits="[gone.jpg]")
    assert "gone.jpg: no such file" in refused
    assert refused.count("portraits: ") == 1, "the section is named once"
    assert shown("portrait")


ERRORS = [
    PermissionError(13, "Permission denied"),
    RecursionError("too deep"),
    Broken("what"),
    Fault("no"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("place", ["controls", "sinks", "source"])
def test_whatever_is_thrown_the_running_show_is_untouched_as_a_whole(
    play: Play, monkeypatch: pytest.MonkeyPatch, error: Exception, place: str
) -> None:
    show = play()
    performance = show.performance
    before = (
        performance.outputs.sinks.states(),
        performance.video_input.capture,
        performance.session.engine,
        performance.run_state.show,
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
        if place == "controls":
            patch.setattr(performance.session, "prepare", throw)
        elif place == "source":
            patch.setattr(performance.video_input.capture, "prepare", throw)
        else:
            patch.setattr("vj.app.sink_group.make_sink", throw)
        logged = show.save(**changed)
    assert "the running show goes on as it was" in logged
    assert f"{show.path}:" in logged
    assert "Traceback" not in logged
    assert (
        performance.outputs.sinks.states(),
        performance.video_input.capture,
        performance.session.engine,
        performance.run_state.show,
    ) == before
    assert show.value("strength") == 0.3
    assert performance.outputs.upscaler is None
    show.until(lambda: "upscale" not in performance.supervisor.threads)
    assert performance.loop.period == pytest.approx(1 / 30)
    show.lines = {**LINES, "start": "{strength: 0.4}"}
    assert "changed: strength" in show.save()


def test_a_source_that_is_missing_is_logged_with_its_line_and_nothing_else_changes(
    play: Play,
) -> None:
    show = play()
    logged = show.save(source="lost.mp4", start="{strength: 0.9}")
    assert f"{show.path}:2: source: video:" in logged
    assert "lost.mp4: there is no such file" in logged
    assert show.value("strength") == 0.3
    assert show.performance.video_input.state.startswith("testcard")
    show._write()
    show.lines["source"] = "testcard"
    assert "changed: strength" in show.save(), "put right, all of it is taken"


def test_a_watch_that_throws_is_reported_and_goes_on(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    show = play()

    def throw() -> None:
        raise Broken("in the watch")

    with monkeypatch.context() as patch:
        patch.setattr(show.file, "changed", throw)
        show.performance.background.check()
        show.performance.background.check()
    assert sum("in the watch" in line for line in show.messages) == 1, "once"
    assert show.performance.supervisor.faults["the watch over the show file"] == 2
    assert "changed: strength" in show.save(start="{strength: 0.5}")


@pytest.mark.long
def test_the_size_that_is_sent_changes_and_comes_back(play: Play) -> None:
    show = play(sinks="[record:out.mp4]")
    performance = show.performance
    show.until(lambda: sum(performance.outputs.sinks.sent().values()) > 5)
    assert "changed: output" in show.save(output="160x160")
    show.until(lambda: any("go on in a new file" in line for line in show.messages))
    assert "changed: upscale" in show.save(upscale="lanczos")
    del show.lines["output"]
    assert "changed: output" in show.save()
    assert performance.outputs.upscaler is None
    count = sum(performance.outputs.sinks.sent().values())
    show.until(lambda: sum(performance.outputs.sinks.sent().values()) > count + 10)
    assert not any("next start" in line for line in show.messages)
    performance.stop()
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


def test_the_painted_size_the_rate_and_the_fit_change(play: Play) -> None:
    show = play()
    performance = show.performance
    assert "changed: size" in show.save(size="96x64")
    show.until(lambda: performance.size == Size(96, 64))
    show.until(
        lambda: (
            performance.video_input.capture is not None
            and f"{Size(96, 64)}" in performance.video_input.state
        )
    )
    assert "changed: fps" in show.save(fps="12")
    assert performance.loop.period == pytest.approx(1 / 12)
    assert "changed: fit" in show.save(fit="pad")
    show.until(lambda: performance.loop.pipeline.preparation.fit == "pad")
    assert "changed: flow" in show.save(flow="farneback")
    assert "changed: mark" in show.save(mark="off")
    assert not any("next start" in line for line in show.messages)
    painted = performance.metrics.painted
    show.until(lambda: performance.metrics.painted > painted + 3)


def test_a_sound_that_is_missing_is_refused_at_its_line(play: Play) -> None:
    show = play(sounds="{hit: drawn:impact}")
    before = show.performance.run_state.show
    logged = show.save(sounds="{hit: drawn:impact, song: gone.wav}")
    line = 1 + show.path.read_text(encoding="utf-8").splitlines().index(
        "sounds: {hit: drawn:impact, song: gone.wav}"
    )
    assert f"{show.path}:{line}: sounds: song: " in logged
    assert "there is no such file" in logged
    assert show.performance.run_state.show == before


def test_a_way_to_find_motion_that_is_missing_is_refused(play: Play) -> None:
    show = play()
    logged = show.save(flow="raft:lost.pth", person="lost.onnx")
    assert "the running show goes on as it was" in logged
    assert show.performance.run_state.show.flow == "dis"


def test_osc_is_heard_elsewhere_and_answers_elsewhere(play: Play) -> None:
    first, second = free_port(), free_port()
    show = play(osc=f"127.0.0.1:{first}")
    assert "changed: osc" in show.save(osc=f"127.0.0.1:{second}")
    SimpleUDPClient("127.0.0.1", second).send_message("/vj/strength", 0.75)
    show.until(lambda: show.value("strength") == 0.75)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(PATIENCE)
        reply = f"127.0.0.1:{listener.getsockname()[1]}"
        logged = show.save(
            osc=f"{{listen: 127.0.0.1:{second}, reply: {reply}}}",
            cues="[{name: sun, set: {strength: 0.9}}]",
        )
        assert "changed: what moves them, osc" in logged, "the same port with another reply"
        assert "failed" not in logged, "while the old server has stopped already"
        assert "in use" not in logged
        while OscMessage(listener.recv(65536)).address != "/vj/status/fps":
            pass
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
        again.bind(("127.0.0.1", first))  # what it left is free


def test_heard_at_the_next_free_port_it_stays_there_when_only_the_reply_is_saved(
    play: Play,
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        taken = other.getsockname()[1]
        show = play(osc=f"127.0.0.1:{taken}")
        assert show.performance.servers.osc is not None
        there = show.performance.servers.osc.address[1]
        assert there > taken
        show.save(osc=f"{{listen: 127.0.0.1:{taken}, reply: 127.0.0.1:9}}")
        assert show.performance.servers.osc.address[1] == there


def test_a_subscriber_stays_one_when_osc_moves(play: Play) -> None:
    first, second = free_port(), free_port()
    show = play(osc=f"127.0.0.1:{first}")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(PATIENCE)
        message = OscMessageBuilder("/vj/subscribe").build().dgram
        listener.sendto(message, ("127.0.0.1", first))
        listener.recv(65536)
        assert "changed: osc" in show.save(osc=f"127.0.0.1:{second}")
        show.performance.store.set("delta", 0.4375)
        while True:
            report = OscMessage(listener.recv(65536))
            if report.address == "/vj/delta" and report.params == [0.4375]:
                break


def test_a_modulator_moves_between_its_ends_when_only_the_start_was_saved(play: Play) -> None:
    lfo = "[{lfo: square, name: beat, rate: 0.2 s, to: delta, range: [0.3, 0.7]}]"
    show = play(modulators=lfo, start="{delta: 0.5}")
    show.save(start="{delta: 0.2}")
    show.until(lambda: show.value("delta") == 0.2)
    values: list[float] = []
    show.performance.store.observers.append(lambda frame: values.append(round(frame["delta"], 3)))
    show.until(lambda: len(values) >= 60)
    assert set(values[20:60]) == {0.3, 0.7}, "once the new start has faded in"


def test_link_is_joined_once_however_often_the_show_is_saved(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    class Session:
        def __call__(self) -> tuple[float, float] | None:
            return 128.0, show.performance.clock.now() * 128 / 60

        def set_tempo(self, bpm: float) -> None:
            opened.append(f"tempo {bpm:g}")

    def join(bpm: float, quantum: float) -> tuple[Session, Callable[[], None]]:
        opened.append("in")
        return Session(), lambda: opened.append("out")

    monkeypatch.setattr("vj.control.session.open_link", join)
    show = play(tempo="{bpm: 120, follow: link}")
    show.until(lambda: show.performance.session.engine.tempo.linked)
    show.save(mappings="[{midi: cc 7, to: delta}]", midi="[nothing of this name]")
    show.save(cues="[{name: other, set: {strength: 0.2}}]")
    assert [word for word in opened if word in ("in", "out")] in (["in"], ["in", "out", "in"])
    show.save(tempo="{bpm: 120, follow: nobody}")
    assert opened[-1] == "out"
    assert opened.count("in") == opened.count("out")
    show.performance.store.set("panic", True)
    show.until(lambda: show.performance.session.engine.tempo.bpm == 120)


def test_the_page_comes_moves_and_goes(play: Play) -> None:
    show = play()
    assert show.performance.servers.page is None
    assert "the page is at http://127.0.0.1:" in show.save(page="127.0.0.1:0")
    first = show.performance.servers.page
    assert first is not None
    port = free_port(socket.SOCK_STREAM)
    assert f"the page is at http://127.0.0.1:{port}/" in show.save(page=f"127.0.0.1:{port}")
    with socket.create_connection(("127.0.0.1", port), 5):
        pass
    show.save(page="off")
    assert show.performance.servers.page is None


def test_rights_on_the_page_and_its_addresses_follow_what_is_saved(play: Play) -> None:
    show = play(page="{listen: '127.0.0.1:0', pin: '271828'}")
    servers = show.performance.servers
    page = servers.page
    assert page is not None
    phone = Call("GET", "/socket", {"X-Forwarded-For": "10.0.0.9"}, "127.0.0.1")
    assert not page.access.rights(phone).play
    show.save(osc="0.0.0.0:0")
    show.until(lambda: page.access.rights(phone).play)
    assert not page.access.rights(phone).write
    reach = servers.reach()
    assert reach is not None
    assert reach.urls() == []
    assert f"--page 0.0.0.0:{reach.page[1]}" in reach.lines()[0]
    show.save(page="{listen: '127.0.0.1:0', pin: off}")
    assert servers.page is not page
    assert servers.page is not None
    assert servers.page.access.rights(phone).write
    again = servers.page
    show.save(page="{listen: '127.0.0.1:0', pin: off, faders: [delta]}")
    assert servers.page is again, "nobody is disconnected for another fader"


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


def test_a_model_that_does_not_load_leaves_the_old_one_and_is_logged(
    play: Play, monkeypatch: pytest.MonkeyPatch
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
    show = play(model="first")
    performance = show.performance
    assert performance.loop.backend_name == "first"
    show.until(lambda: performance.run_state.playing_since is not None)
    since = performance.run_state.playing_since
    for name, words in (
        ("lost", "model lost: there is no such model; first paints on"),
        ("odd", "model odd: ZeroDivisionError: of a library; first paints on"),
        ("large", "model large: RuntimeError: the card is full; first paints on"),
    ):
        assert "changed: model" in show.save(model=name)
        show.until(lambda words=words: words in show.messages)  # type: ignore[misc]
        show.until(lambda: performance.run_state.text == "playing")
        assert performance.loop.backend_name == "first"
    show.until(lambda: made[1].closed)
    assert not made[0].closed
    painted = performance.metrics.painted
    show.until(lambda: performance.metrics.painted > painted + 3)
    assert len(made) == 2
    show.save(model="first")
    show.until(lambda: "loader" not in performance.supervisor.threads)
    assert len(made) == 2, "it generates already: nothing is loaded"
    show.save(model="second")
    show.until(lambda: "playing with second" in show.messages)
    show.until(lambda: made[0].closed)
    assert performance.run_state.playing_since == since
