"""image/from in a show: a source of the show beside the one that plays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.scripted_sources import Scripted
from tests.waiting import until
from vj.app.live import Performance
from vj.show.load import load_show

COLOURS = {"red": (0, 0, 200), "blue": (200, 0, 0), "green": (0, 180, 0)}
LINES = """\
show: Guest
model: none
size: 64x64
midi: off
osc: 127.0.0.1:0
page: off
sinks: []
start: {image/from: blue, image/every: 1, prompt/travel: 0}
"""


class Played:
    """A show in this process."""

    def __init__(self, folder: Path, more: str = "") -> None:
        for name, colour in COLOURS.items():
            cv2.imwrite(str(folder / f"{name}.png"), np.full((48, 48, 3), colour, np.uint8))
        self.path, self.messages = folder / "guest.yaml", list[str]()
        self.write(more)
        self.performance = Performance(load_show(self.path), self.messages.append)
        self.performance.start()
        self.store = self.performance.store

    def write(self, more: str = "") -> None:
        folder = self.path.parent.as_posix()
        sources = "".join(f'  {name}: "image:{folder}/{name}.png"\n' for name in COLOURS)
        text = f"{LINES}source: image:{folder}/red.png\nsources:\n{sources}  gone: gone.png\n{more}"
        self.path.write_text(text, encoding="utf-8")

    def taken(self) -> str:
        """The colour of the picture that came with the newest frame; empty without one."""
        latest = self.performance.loop.pipeline.stand_in.latest
        if latest is None or latest.taken is None:
            return ""
        pixel = latest.taken.pixels[0, 0]
        return min(COLOURS, key=lambda name: np.abs(pixel - np.array(COLOURS[name][::-1])).sum())

    def threads(self) -> list[str]:
        return [name for name in self.performance.supervisor.threads if name.startswith("source ")]

    def until(self, true: Callable[[], object]) -> None:
        until(true, lambda: (self.messages, self.threads()))


@pytest.fixture
def show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Played]:
    monkeypatch.setattr("vj.sources.standby.MOST", 0)  # the next source has a thread, too
    played = Played(tmp_path)
    yield played
    played.performance.stop()


def test_a_source_is_looked_at_beside_the_one_that_plays(show: Played) -> None:
    show.until(lambda: show.taken() == "blue")
    assert len(show.threads()) == 2
    show.store.set("image/from", "green")
    show.until(lambda: show.taken() == "green")
    show.store.set("image/from", "input")
    show.until(lambda: show.taken() == "red")
    show.until(lambda: len(show.threads()) == 1)
    show.store.set("image/from", "")
    show.until(lambda: show.taken() == "")


def test_what_is_on_a_deck_is_not_opened_once_more(show: Played) -> None:
    show.store.set("image/from", "red")
    show.until(lambda: show.taken() == "red")
    show.until(lambda: len(show.threads()) == 1)
    later = show.performance.metrics.painted + 10
    show.until(lambda: show.performance.metrics.painted > later)
    assert len(show.threads()) == 1, "the deck's own"


def test_a_source_that_comes_on_a_deck_is_closed_beside_it(show: Played) -> None:
    show.until(lambda: show.taken() == "blue")
    assert len(show.threads()) == 2
    show.store.set("crossfade", 0)
    show.store.set("source", "blue")
    show.until(lambda: show.performance.video_input.on_decks()[0] == "blue")
    show.until(lambda: len(show.threads()) == 1)
    assert show.taken() == "blue"


def test_a_source_that_is_not_there_is_told_and_the_last_picture_stands(show: Played) -> None:
    show.until(lambda: show.taken() == "blue")
    show.store.set("image/from", "gone")
    show.until(lambda: any("image/from gone:" in line for line in show.messages))
    painted = show.performance.metrics.painted
    show.until(lambda: show.performance.metrics.painted > painted + 3)
    assert show.taken() == "blue"


def test_a_source_that_gives_no_picture_yet_is_told_once(
    show: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a sender that is not there yet, which is waited for in silence."""
    monkeypatch.setattr("vj.app.source_beside.LATE", 0.2)
    source, there = show.performance.beside.pictures, Scripted()
    there.silent = True
    settings = source._made_with()[1]
    monkeypatch.setattr(source, "_made_with", lambda: (lambda uri, _: there, settings))
    show.store.set("image/from", "green")
    told = "image/from green: green.png gives no picture yet; it is taken when it comes"
    show.until(lambda: told in show.messages)
    painted = show.performance.metrics.painted
    show.until(lambda: show.performance.metrics.painted > painted + 10)
    assert show.messages.count(told) == 1


def test_the_last_grab_survives_a_save(show: Played) -> None:
    show.until(lambda: show.taken() == "blue")
    show.store.set("image/every", 0)
    show.store.set("image/from", "green")
    show.store.set("image/grab", True)
    show.until(lambda: show.taken() == "green")
    show.write("fps: 25\n")
    assert show.performance.adopt(load_show(show.path))
    painted = show.performance.metrics.painted
    show.until(lambda: show.performance.metrics.painted > painted + 3)
    assert show.taken() == "green"
