"""The sound of a live show: as late as the picture, wherever the clip goes, without a click."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.sound import sound_card
from tests.sound.drawn_sound import write_sound
from tests.sound.flashes import apart, flashes_and_clicks, flashing_clip
from tests.sound.ndi_ear import NdiEar
from tests.sound.sound_card import Card
from tests.waiting import until
from vj.app.live import Performance
from vj.app.safe import safe
from vj.core.frame import Size
from vj.parameters.store import Snapshot
from vj.pipeline.backend import GeneratedImage, PassThrough
from vj.pipeline.compositor import Picture
from vj.pipeline.frame_context import FrameContext
from vj.show.load import check_show
from vj.sound import RATE

card = sound_card.card


def live(folder: Path, said: list[str], more: dict[str, object]) -> Performance:
    one = flashing_clip(folder / "one.mp4", 1.2, 0.4)
    two = flashing_clip(folder / "two.mp4", 2.0, 0.5, first=0.3)
    show = check_show(
        {
            "show": "flashes",
            "size": "64x64",
            "model": "none",
            "osc": "127.0.0.1:0",
            "page": False,
            "midi": False,
            "source": str(one),
            "ready": "all",
            "sources": {"one": str(one), "two": str(two)},
            "start": {"feedback/amount": 0, "blend/smoothing": 0, "crossfade": 0},
            **more,
        },
        "flashes",
    )
    return Performance(show, said.append)


class ThreeSteps(PassThrough):
    """As a model of four steps: each picture comes three frames later."""

    settled = False

    def __init__(self, size: Size) -> None:
        super().__init__(size, "three steps", waits=False)
        self._under_way: deque[GeneratedImage] = deque()

    def paint(
        self, entered: Picture, snapshot: Snapshot, context: FrameContext
    ) -> GeneratedImage | None:
        self._under_way.append(GeneratedImage(entered, context))
        return self._under_way.popleft() if len(self._under_way) > 3 else None


def together(flashes: list[float], heard: list[float]) -> bool:
    """Not of each: a busy machine leaves pictures out, and shows some late."""
    if not flashes or not heard:
        return False
    return bool(np.percentile(np.abs(apart(flashes, heard)), 30) < 0.04)


@pytest.fixture
def listen() -> Iterator[Callable[[str], NdiEar]]:
    ears: list[NdiEar] = []

    def begin(name: str) -> NdiEar:
        ears.append(NdiEar(name))
        return ears[-1]

    yield begin
    for ear in ears:
        ear.end()


@pytest.mark.long
def test_flashes_and_clicks_stay_together_in_a_recording_and_over_ndi(
    tmp_path: Path, listen: Callable[[str], NdiEar]
) -> None:
    """Over loops, a cut and a seek; by NDI's time codes, and as it arrives."""
    pytest.importorskip("NDIlib", reason="needs ndi-python: pip install ndi-python")
    said: list[str] = []
    movie, name = tmp_path / "out.mp4", f"flashes {secrets.token_hex(4)}"
    performance = live(tmp_path, said, {"sinks": [f"record:{movie}", f"ndi:{name}"]})
    performance.start()
    until(lambda: performance.loop.first is not None)
    performance.loop.offer(ThreeSteps(performance.size))
    ear = listen(name)
    until(lambda: performance.sound.delay is not None and performance.sound.delay > 0.09)
    ear.flashes.clear()
    for name, value in (("strength", 0.5), ("source", "two"), ("source/position", 0.6)):
        performance.store.set(name, value)
        enough = len(ear.flashes) + 4
        until(lambda enough=enough: len(ear.flashes) >= enough)  # type: ignore[misc]

    def in_the_network() -> bool:
        pairs = [
            [[event[by] for event in list(events)] for events in (ear.flashes[-12:], ear.clicks)]
            for by in (0, 1)
        ]
        return all(together(seen, clicked) for seen, clicked in pairs)

    until(in_the_network, lambda: (ear.flashes, ear.clicks))
    ear.end()
    performance.stop()
    flashes, heard = flashes_and_clicks(movie)
    # the model came while the first were seen
    assert any(together(flashes[first : first + 12], heard) for first in range(3, len(flashes), 4))
    told = [line for line in said if "sound" in line.lower()]
    assert len(told) == 1
    assert told[0].startswith("sound: the source's, delayed by ")


def test_sound_that_is_off_has_no_thread_and_no_stream(tmp_path: Path) -> None:
    said: list[str] = []
    movie = tmp_path / "out.mp4"
    performance = live(tmp_path, said, {"sinks": [f"record:{movie}"], "sound": False})
    performance.start()
    until(lambda: performance.outputs.sinks.sent().get(f"record:{movie}", 0) > 5)
    assert "sound" not in performance.supervisor.threads
    assert performance.sound.state() == "off"
    performance.stop()
    import av

    with av.open(str(movie)) as container:
        assert not container.streams.audio


def test_a_safe_show_has_no_sound() -> None:
    show = check_show({"sound": "input Scarlett"}, "show")
    assert safe(show, lambda text: None).sound == "off"


class Ear:
    """Takes the place of a sink's sound: what reaches it."""

    def __init__(self, performance: Performance) -> None:
        (runner,) = performance.outputs.sinks.running()
        self.samples = np.zeros((0, 2), np.float32)
        self.quietest = 1.0
        """Of all samples since it was set to this."""
        runner.put_sound = self._hear  # type: ignore[method-assign]

    def _hear(self, captured: float, moment: float, samples: np.ndarray) -> None:
        self.samples = np.concatenate([self.samples, samples])[-RATE:]
        self.quietest = min(self.quietest, float(np.abs(samples).min()))

    @property
    def loudness(self) -> float:
        """Of the newest fifth of a second; 0 where nothing came."""
        newest = self.samples[-RATE // 5 :]
        return float(np.sqrt(np.mean(newest**2))) if len(newest) else 0.0


def test_an_input_is_opened_once_for_modulators_and_for_what_is_heard(
    tmp_path: Path, card: Card
) -> None:
    said: list[str] = []
    listens = {"audio": "level", "input": "Scarlett", "to": "picture/brightness", "depth": 0.2}
    options = {"sinks": [f"record:{tmp_path}/out.mkv"], "sound": "input Scarlett"}
    performance = live(tmp_path, said, {**options, "modulators": [listens]})
    ear = Ear(performance)
    performance.start()
    until(lambda: abs(ear.loudness - 0.25) < 0.001)
    assert card.messages == ["open Scarlett 2"]
    until(lambda: performance.sound.state().startswith("input Scarlett, delayed by "))
    performance.stop()
    assert card.users == 0


def test_a_saved_show_is_heard_otherwise(tmp_path: Path, card: Card) -> None:
    """From clips to a file, to an input that opens with it, to nothing, and back."""
    said: list[str] = []
    write_sound(tmp_path / "song.wav", np.full(RATE, 0.1, np.float32), "pcm_f32le")
    performance = live(tmp_path, said, {"sinks": [f"record:{tmp_path}/out.mkv"]})
    ear = Ear(performance)
    performance.start()
    show = performance.run_state.show
    until(lambda: performance.sound.state().startswith("the source's, delayed by "))
    for sound, loud in ((str(tmp_path / "song.wav"), 0.1), ("input Mic", 0.25)):
        assert performance.adopt(show.model_copy(update={"sound": sound}))
        until(lambda loud=loud: abs(ear.loudness - loud) < 0.001)  # type: ignore[misc]
    assert card.messages == ["open Mic 2"]
    assert performance.adopt(show.model_copy(update={"sound": "off"}))
    until(lambda: performance.sound.state() == "off")
    assert card.users == 0
    assert performance.adopt(show)
    until(lambda: performance.sound.state().startswith("the source's, delayed by "))
    gone = show.model_copy(update={"sound": str(tmp_path / "gone.wav")})
    assert not performance.adopt(gone)
    assert performance.run_state.show.sound == "source"
    assert any("gone.wav: there is no such file" in line for line in said)
    assert said.count("the show file was saved; changed: sound") == 4
    performance.stop()


def test_a_recording_that_begins_with_a_silent_picture_has_the_sound_of_the_clip_after_it(
    tmp_path: Path,
) -> None:
    said: list[str] = []
    movie = tmp_path / "out.mkv"
    performance = live(tmp_path, said, {"source": "drawn:dancer", "sinks": [f"record:{movie}"]})
    performance.start()

    def recorded() -> int:
        return performance.outputs.sinks.sent().get(f"record:{movie}", 0)

    until(lambda: recorded() > 5)
    performance.store.set("source", "one")
    until(lambda: performance.sound.state().startswith("the source's, delayed by "))
    enough = recorded() + 45  # a second and a half, and three flashes in it
    until(lambda: recorded() >= enough)
    performance.stop()
    flashes, heard = flashes_and_clicks(movie)
    assert len(flashes) >= 2
    assert np.abs(apart(flashes, heard)).min() < 0.04, "a busy machine shows some late"
