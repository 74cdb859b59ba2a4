"""The person mask in a show: the network that is fetched, the clean plate where it is not, and a
model of the show's own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.fetched import needs
from tests.waiting import until
from vj.app.live import Performance
from vj.app.offline import Rendering
from vj.core.fetched import models_folder
from vj.pipeline.network_thread import NetworkThread
from vj.pipeline.selfie_segmentation import SQUARE, WIDE
from vj.show.load import load_show
from vj.show.reload import ShowFile

ASTRONAUT = Path(__file__).parents[1] / "pictures" / "astronaut.jpg"
LINES = f"""\
show: Dock
source: "{ASTRONAUT.as_posix()}"
model: none
size: 192x192
midi: off
osc: 127.0.0.1:0
page: off
"""
NO_PERSON_MODEL = (
    "mask/mode person: is not installed: python3 launch.py add person; the clean plate stands in "
    "(mask/learn)"
)
PERSON = "start: {mask/mode: person, mask/feather: 0, mask/steady: 0}\n"


class Played:
    """A show in this process."""

    def __init__(self, folder: Path, more: str, lines: str = LINES) -> None:
        self._lines = lines
        self.path, self.messages = folder / "dock.yaml", list[str]()
        self.write(more)
        file = ShowFile(self.path, None, self.messages.append)
        self.performance = Performance(load_show(self.path), self.messages.append, file=file)
        self.performance.start()

    def write(self, more: str) -> None:
        part = self.path.with_suffix(".part")
        part.write_text(f"{self._lines}sinks: []\n{more}", encoding="utf-8")
        os.replace(part, self.path)

    def until(self, true: Callable[[], object]) -> None:
        until(true, lambda: self.messages)

    def mask(self) -> np.ndarray | None:
        """Of the newest frame."""
        latest = self.performance.loop.pipeline.stand_in.latest
        return None if latest is None else latest.mask

    def said(self, words: str) -> int:
        return sum(words in line for line in self.messages)


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Callable[[str], Played]]:
    playing: list[Played] = []

    def begin(more: str) -> Played:
        playing.append(Played(tmp_path, more))
        return playing[-1]

    yield begin
    for one in playing:
        one.performance.stop()


@pytest.fixture
def nothing_fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[bool]:
    """Append True, and it has been fetched."""
    there: list[bool] = []
    folder = models_folder()
    monkeypatch.setattr(
        "vj.core.fetched.models_folder", lambda prefix="": folder if there else tmp_path
    )
    return there


def keeps_her(mask: np.ndarray | None) -> bool:
    """The face stays, the flag beside it is painted."""
    return mask is not None and mask[30:45, 80:92].max() == 0 and mask[40:55, 8:20].min() == 255


@needs(SQUARE, WIDE)
def test_a_show_that_asks_for_people_has_them(play: Callable[[str], Played]) -> None:
    show = play(PERSON)
    show.until(lambda: keeps_her(show.mask()))
    assert show.said("launch.py add") == 0
    threads = show.performance.supervisor.threads
    assert "the person model" in threads
    show.performance.store.set("mask/mode", "luma")
    show.performance.store.set("mask/mode", "person")
    show.until(lambda: keeps_her(show.mask()))
    show.performance.stop()
    show.until(lambda: "the person model" not in show.performance.supervisor.threads)


@needs(SQUARE, WIDE)
def test_nothing_is_loaded_before_people_are_asked_for(play: Callable[[str], Played]) -> None:
    show = play("")
    show.until(lambda: show.performance.metrics.painted > 3)
    assert "the person model" not in show.performance.supervisor.threads
    assert show.mask() is None
    show.performance.store.set("mask/mode", "person")
    show.until(lambda: keeps_her(show.mask()))


def test_without_it_the_clean_plate_stands_in_and_the_command_is_named_once(
    play: Callable[[str], Played], nothing_fetched: list[bool]
) -> None:
    show = play(PERSON)
    show.until(lambda: show.mask() is not None)
    mask = show.mask()
    assert mask is not None
    assert mask.min() == 255, "she was there as the room was learned"
    assert show.said("python3 launch.py add person") == 1
    assert show.said("/vj/mask/learn does it again") == 1


CUES = """\
cues:
  - {name: people, set: {mask/mode: person}, follow: 0.1 s, then: all}
  - {name: all, set: {mask/mode: none}, follow: 0.1 s, then: people}
"""


def test_cues_that_ask_for_people_again_and_again_name_the_command_once(
    play: Callable[[str], Played], nothing_fetched: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    show = play(f"{CUES}timeline: [{{at: 0:00, cue: people}}]\n")
    show.until(lambda: show.said(NO_PERSON_MODEL) == 1)
    store, fired, told = show.performance.store, list[object](), list[str]()
    monkeypatch.setattr(show.performance.loop_parts._context.messages, "remark", told.append)
    store.listeners.append(
        lambda name, value, origin: fired.append(value) if name == "mask/mode" else None
    )
    show.until(lambda: fired.count("person") >= 2)
    assert told == []
    store.set("mask/mode", "person")
    assert told == [NO_PERSON_MODEL], "a hand that asks is answered"


@needs(SQUARE, WIDE)
def test_what_is_fetched_while_a_show_plays_is_used_when_the_mode_is_set_again(
    play: Callable[[str], Played], nothing_fetched: list[bool]
) -> None:
    show = play(PERSON)
    show.until(lambda: show.mask() is not None)
    assert "the person model" not in show.performance.supervisor.threads, "the plate stands in"
    nothing_fetched.append(True)
    show.performance.store.set("mask/mode", "none")
    show.performance.store.set("mask/mode", "person")
    show.until(lambda: keeps_her(show.mask()))
    assert "the person model" in show.performance.supervisor.threads
    assert show.said(NO_PERSON_MODEL) == 1, "not again once it is there"


@needs(SQUARE, WIDE)
def test_a_model_of_the_shows_own_that_does_not_load_is_told_and_replaced(
    play: Callable[[str], Played],
) -> None:
    show = play(f"person: lost.onnx\n{PERSON}")
    show.until(lambda: keeps_her(show.mask()))
    assert show.said("there is no such file; mask/mode person: the person mask of") == 1
    before = show.performance.loop_parts._segment_person
    assert isinstance(before, NetworkThread)
    show.write(f"person: null\n{PERSON}")

    def replaced() -> bool:
        show.performance.background.check()
        return show.performance.loop_parts._segment_person is not before

    show.until(replaced)
    show.until(lambda: before._worker.closed)
    show.until(lambda: keeps_her(show.mask()))


def test_offline_the_command_is_named_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nothing_fetched: list[bool]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("dock.yaml").write_text(f"{LINES}sinks: ['record:out/']\n{PERSON}", encoding="utf-8")
    messages: list[str] = []
    assert Rendering(load_show(Path("dock.yaml")), messages.append, seconds=0.2).run() > 3
    assert messages.count(NO_PERSON_MODEL) == 1
