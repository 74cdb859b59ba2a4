"""A frozen show renders frame by frame: each `/vj/step` is a frame, on the show's clock and in the
sinks."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from pythonosc.osc_message import OscMessage

from tests.waiting import PATIENCE, until
from vj.app.live import Performance
from vj.app.offline import Rendering
from vj.control.osc.packet import pack
from vj.core.frame import Frame
from vj.show.load import load_show
from vj.sinks.recorder import Recorder
from vj.sources.played_video import PlayedVideo

SHOW = """
model: none
size: 64x64
fps: 25
source: clip.mp4
sinks: [record:out/]
osc: 127.0.0.1:0
page: off
midi: off
sound: off
start: {{output/freeze: {frozen}, feedback/amount: 0, blend/smoothing: 0}}
"""


def clip(path: Path, frames: int = 50) -> None:
    """Each picture is another grey, with a bar that moves."""
    import av

    with av.open(str(path), "w") as file:
        stream = file.add_stream("mpeg4", rate=25)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for number in range(frames):
            picture = np.full((64, 64, 3), 40 + 3 * number, np.uint8)
            picture[:, number : number + 8] = (255, 0, 0)
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")):
                file.mux(packet)
        for packet in stream.encode():
            file.mux(packet)


class Stepped:
    """A show that plays on the wall's clock, and who steps it over OSC."""

    def __init__(self, folder: Path) -> None:
        clip(folder / "clip.mp4")
        path = folder / "show.yaml"
        path.write_text(SHOW.format(frozen="true"))
        self.messages: list[str] = []
        self.performance = Performance(load_show(path), self.messages.append)
        self.sent: list[Frame] = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.05)
        self.performance.start()
        until(lambda: self.performance.loop.first is not None, lambda: self.messages)
        self.performance.outputs.sinks.on_frame = self.sent.append
        self.heard: list[tuple[str, list[Any]]] = []

    def send(self, address: str, *values: Any) -> None:
        osc = self.performance.servers.osc
        assert osc is not None
        self.socket.sendto(pack(address, values), osc.address)

    def answers(self, address: str) -> list[Any]:
        """The first values of what has come back to this address."""
        try:
            while True:
                message = OscMessage(self.socket.recv(65536))
                self.heard.append((message.address, list(message.params)))
        except TimeoutError:
            pass
        return [values[0] for name, values in self.heard if name == address]

    def stepped(self, count: int) -> list[int]:
        """Wait until so many frames were answered for."""
        until(lambda: len(self.answers("/vj/stepped")) >= count, lambda: self.messages)
        return self.answers("/vj/stepped")

    def close(self) -> None:
        self.performance.stop()
        self.socket.close()


@pytest.fixture
def show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stepped]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("vj.pipeline.stepping.PATIENCE", PATIENCE)  # a busy machine may need it
    made = Stepped(tmp_path)
    yield made
    made.close()


def slowed(call: Callable[..., Any], seconds: float) -> Callable[..., Any]:
    """The same, as on a machine that is busy."""

    def slow(*given: Any) -> Any:
        time.sleep(seconds)
        return call(*given)

    return slow


def test_each_step_is_a_frame_of_the_clip_the_clock_and_the_sinks(
    show: Stepped, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    performance = show.performance
    monkeypatch.setattr(PlayedVideo, "_frame", slowed(PlayedVideo._frame, 0.02))
    monkeypatch.setattr(Recorder, "send", slowed(Recorder.send, 0.06))
    (runner,) = performance.outputs.sinks.running()
    show.send("/vj/step", 0)  # the clock stands from here on
    show.stepped(1)
    show.send("/vj/source/at", 0.0)
    show.send("/vj/step")
    first = show.stepped(2)[1]
    begun, sent = performance.clock.now(), len(show.sent)
    recorded = runner.sent
    show.send("/vj/step", 9)
    numbers = show.stepped(11)[1:]
    assert numbers == list(range(first, first + 10))
    assert performance.clock.now() - begun == pytest.approx(9 / 25, abs=1e-9)
    made = show.sent[sent - 1 :]
    assert [frame.number for frame in made] == numbers, "nothing leaves between two steps"
    assert runner.sent == recorded + 9, "none was replaced by the next before it was sent"
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)

    path = tmp_path / "offline.yaml"
    path.write_text(SHOW.format(frozen="false").replace("record:out/", "record:true/"))
    Rendering(load_show(path), show.messages.append, seconds=10 / 25).run()
    wanted = sorted((tmp_path / "true").glob("*.png"))
    for ours, theirs in zip(made, wanted, strict=True):
        picture = cv2.imread(str(theirs))
        assert picture is not None
        assert np.array_equal(ours.pixels, picture[..., ::-1])


def test_between_steps_nothing_moves_and_after_them_the_show_goes_on(show: Stepped) -> None:
    performance = show.performance
    assert not performance.loop.stepping.rests, "a room would see that it hangs"
    show.send("/vj/step")
    show.stepped(1)
    until(lambda: performance.loop.stepping.rests)
    held, sent = performance.clock.now(), len(show.sent)
    show.send("/vj/picture/brightness", -0.5)
    until(lambda: performance.store.get("picture/brightness") == -0.5)
    assert (performance.clock.now(), len(show.sent)) == (held, sent)
    show.send("/vj/step")
    show.stepped(2)
    assert show.sent[-1].pixels.mean() < show.sent[-2].pixels.mean() - 20
    held, begun = performance.clock.now(), time.perf_counter()
    show.send("/vj/output/freeze", 0)
    until(lambda: len(show.sent) > sent + 3)
    assert not performance.loop.stepping.rests
    moments = [frame.captured for frame in show.sent[sent - 1 :]]
    assert moments == sorted(moments)
    passed = time.perf_counter() - begun
    assert moments[-1] <= held + passed + 1 / 25, "the clock goes on from where it was held"


def test_a_step_of_a_picture_that_is_not_frozen_is_refused(show: Stepped) -> None:
    show.send("/vj/output/freeze", 0)
    until(lambda: show.performance.store.get("output/freeze") is False)
    show.send("/vj/step")
    until(lambda: show.answers("/vj/error"))
    assert "the picture is not frozen" in show.answers("/vj/error")[0]
    for wrong, words in (
        ("x", "a number of frames would be right"),
        (-2, "0 to 10000 frames would be right"),
    ):
        show.send("/vj/output/freeze", 1)
        show.send("/vj/step", wrong)
        until(lambda: any(words in text for text in show.answers("/vj/error")))  # noqa: B023
    show.send("/vj/output/freeze", 0)
    until(lambda: show.performance.store.get("output/freeze") is False)
    show.performance.store.set("output/step", True)  # a pedal
    until(lambda: any("output/step: the picture is not frozen" in one for one in show.messages))


def test_what_waits_is_answered_though_a_sink_hangs(
    show: Stepped, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vj.pipeline.stepping.PATIENCE", 0.05)
    hangs: list[Callable[[], None]] = []

    def send(recorder: Recorder, frame: Frame) -> None:
        hangs.append(lambda: None)
        until(lambda: not hangs)

    monkeypatch.setattr(Recorder, "send", send)
    try:
        show.send("/vj/step", 2)
        assert len(show.stepped(2)) == 2
    finally:
        monkeypatch.undo()
        hangs.clear()
