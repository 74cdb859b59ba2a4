"""What a page has written while a show plays: learned mappings, ranges, the show as it plays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import mido
import pytest
from pythonosc.udp_client import SimpleUDPClient

from tests.conftest import PlayShow
from tests.shows import PlayedShow
from vj.app.show_writer import ShowWriter
from vj.control.midi.ports import MidiPorts
from vj.core.errors import Fault
from vj.show import own_shows
from vj.show.load import load_show
from vj.show.reload import ShowFile

TEXT = """\
# a night at the harbour
show: Harbour   # its name
source: [testcard, "drawn:kiss"]
model: none
size: 64x64
sinks: []
page: off
osc: 127.0.0.1:0
include: pads

start:
  strength: 0.3     # calm
  prompt/a: fog

curves:
  - {to: noise/hold, points: [[0:00, 1], [60:00, 1]]}
macros:
  pedal: {drives: {strength: [0.3, 0.9]}}
mappings:
  - {osc: /mine, to: mix/wet, range: [0.2, 0.8]}   # mine
"""


class Stage:
    """A show that plays, whose file is watched, and what a page may ask of it."""

    def __init__(self, path: Path, play: PlayShow) -> None:
        self.path = path
        self.messages: list[str] = []
        self.file = ShowFile(path, None, self.messages.append)
        self.show: PlayedShow = play(path, file=self.file)
        self.performance = self.show.performance
        self.session = self.performance.session
        self.writer = ShowWriter(self.performance.context, self.session, self.file)
        osc = self.performance.servers.osc
        assert osc is not None
        self.osc = SimpleUDPClient(*osc.address)

    def until(self, true: Callable[[], object]) -> None:
        """Frames, and looks at the file, until it is so."""

        def looked() -> object:
            self.performance.background.check()
            return true()

        self.show.until(looked)

    def send_until(self, true: Callable[[], object], address: str, *values: float) -> None:
        """Send values over UDP, again and again, until it is so."""

        def sent() -> object:
            for value in values:
                self.osc.send_message(address, value)
            return true()

        self.until(sent)

    def rows(self) -> dict[str, dict[str, Any]]:
        return {row["control"]: row for row in self.writer.mappings({})["list"]}

    def learned(self) -> str | None:
        state = self.session.learn_state()
        return None if state is None else state["found"]

    @property
    def said(self) -> str:
        assert self.messages == [], "what the file has to say goes to the page too"
        return "\n".join(self.show.messages)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a file that shows include."""
    (tmp_path / "pads.yaml").write_text("mappings:\n  - {osc: /pad, to: steps}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def stage(folder: Path, play_show: PlayShow) -> Stage:
    return started(folder / "night.yaml", TEXT, play_show)


def started(path: Path, text: str, play_show: PlayShow) -> Stage:
    path.write_text(text, encoding="utf-8")
    return Stage(path, play_show)


def test_a_fader_that_nobody_mapped_is_learned_and_plays(stage: Stage) -> None:
    stage.writer.learn({"name": "macro/pedal"})
    state = stage.session.learn_state()
    assert state is not None
    assert (state["name"], state["found"]) == ("macro/pedal", None)
    stage.send_until(lambda: stage.learned() == "/1/fader5", "/1/fader5", 0.1, 0.3, 0.5, 0.7)
    assert "  - {osc: /1/fader5, to: pedal}\n" in stage.path.read_text(encoding="utf-8")
    assert "# mine" in stage.path.read_text(encoding="utf-8")
    assert "no such address" not in stage.said
    stage.until(lambda: "/1/fader5" in stage.rows())
    moved = 0.625  # none of those that may still be on their way
    stage.send_until(
        lambda: stage.performance.store.get("macro/pedal") == moved, "/1/fader5", moved
    )
    row = stage.rows()["/1/fader5"]
    assert (row["to"], row["range"], row["raw"]) == ("macro/pedal", [0, 1], moved)
    assert (row["from"], row["own"]) == ("night.yaml", True)
    assert stage.session.recent_controls()["/1/fader5"] == moved


def test_learning_can_be_cancelled_and_unknown_addresses_are_errors_again(stage: Stage) -> None:
    before = stage.path.read_bytes()
    stage.writer.learn({"name": "strength"})
    stage.writer.learn({"name": None})
    assert stage.session.learn_state() is None
    stage.send_until(lambda: "/new: no such address" in stage.said, "/new", 0.1, 0.2, 0.3)
    assert stage.path.read_bytes() == before
    with pytest.raises(Fault, match="no such parameter"):
        stage.writer.learn({"name": "strenght"})
    with pytest.raises(Fault, match="a text is wanted"):
        stage.writer.learn({"name": 7})


def test_time_runs_out(stage: Stage) -> None:
    mapped = stage.session.mappings()
    stage.session.learn("strength", seconds=0.01)
    stage.until(lambda: "nothing was moved" in (stage.session.learn_state() or {})["text"])
    assert (stage.session.learn_state() or {})["found"] is None
    assert stage.session.mappings() == mapped


class Pads:
    """A MIDI library with one device, which a test plays; the ports and the parser are real."""

    opened: list[Pads]

    def __init__(self, play: Callable[[Any], None]) -> None:
        self.play, self.closed = play, False
        Pads.opened.append(self)

    def close(self) -> None:
        self.closed = True

    @staticmethod
    def get_input_names() -> list[str]:
        return ["pads MIDI 1"]

    @staticmethod
    def get_output_names() -> list[str]:
        return []

    @staticmethod
    def open_input(name: str, callback: Callable[[Any], None]) -> Pads:
        return Pads(callback)


@pytest.fixture
def pads(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Pads]]:
    Pads.opened = []
    ports = partial(MidiPorts, backend=lambda: Pads)
    monkeypatch.setattr("vj.control.session.MidiPorts", ports)
    yield Pads.opened
    assert all(port.closed for port in Pads.opened), "the show has ended"


def test_midi_is_opened_to_learn_and_stays_for_what_was_learned(
    folder: Path, play_show: PlayShow, pads: list[Pads]
) -> None:
    stage = started(folder / "night.yaml", TEXT, play_show)
    assert pads == [], "nothing in the show uses MIDI"
    stage.writer.learn({"name": "strength"})
    stage.until(lambda: len(pads) == 1)
    for value in (10, 20, 30):
        pads[0].play(mido.Message("control_change", control=7, value=value))
    stage.until(lambda: stage.learned() == "cc 7")
    assert "- {midi: cc 7, device: pads MIDI, to: strength}" in stage.path.read_text()
    stage.until(lambda: "cc 7" in stage.rows())
    assert len(pads) == 1, "the device that was opened to learn plays on"
    assert not pads[0].closed
    assert stage.session.recent_controls()["cc 7 ch 1"] == 30
    stage.writer.unmap({"key": stage.rows()["cc 7"]["key"]})
    stage.until(lambda: pads[0].closed)
    stage.performance.stop()


def test_midi_is_closed_when_nothing_was_learned(
    folder: Path, play_show: PlayShow, pads: list[Pads]
) -> None:
    stage = started(folder / "night.yaml", TEXT, play_show)
    stage.writer.learn({"name": "strength"})
    stage.until(lambda: len(pads) == 1)
    stage.writer.learn({"name": None})
    stage.until(lambda: pads[0].closed)
    stage.performance.stop()
    assert len(pads) == 1, "it was opened for learning, and not once more"


def test_mappings_are_listed_changed_and_removed(stage: Stage) -> None:
    rows = stage.rows()
    assert (rows["/mine"]["to"], rows["/mine"]["range"]) == ("mix/wet", [0.2, 0.8])
    assert (rows["/pad"]["from"], rows["/pad"]["own"]) == ("pads.yaml", False)
    key = rows["/mine"]["key"]
    remark = stage.writer.range({"key": key, "range": [0.9, 0.1]})["remark"]
    assert "written into" in remark
    stage.until(lambda: stage.rows()["/mine"]["range"] == [0.9, 0.1])
    stage.send_until(lambda: stage.performance.store.get("mix/wet") == 0.9, "/mine", 0.0)
    with pytest.raises(Fault, match="no such mapping"):
        stage.writer.unmap({"key": key})
    stage.writer.unmap({"key": stage.rows()["/mine"]["key"]})
    stage.until(lambda: "/mine" not in stage.rows())
    with pytest.raises(Fault, match=r"stands in pads\.yaml"):
        stage.writer.unmap({"key": rows["/pad"]["key"]})
    for wrong in ([0.5], "0 1", [0, "1"], [0, float("nan")], [True, False], None):
        with pytest.raises(Fault, match="two numbers"):
            stage.writer.range({"key": rows["/pad"]["key"], "range": wrong})


def test_a_shipped_show_plays_on_from_its_copy(
    folder: Path, play_show: PlayShow, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = folder / "vj" / "mappings"
    shipped.mkdir(parents=True)
    monkeypatch.setattr(own_shows, "SHIPPED", shipped)
    monkeypatch.setattr("vj.show.find.FIRST_SHOW", shipped / "first_show.yaml")
    (shipped / "pads.yaml").write_text((folder / "pads.yaml").read_text())
    stage = started(shipped / "night.yaml", TEXT, play_show)
    stage.writer.learn({"name": "steps"})
    stage.send_until(lambda: stage.learned() == "/a", "/a", 0.1, 0.3, 0.5)
    said = "mappings/night.yaml is a shipped show; a copy was written: shows/night.yaml"
    assert stage.said.count(said) == 1
    stage.until(lambda: "/a" in stage.rows())
    assert stage.rows()["/a"]["from"] == "night.yaml"
    store = stage.performance.store
    store.set("cue/store", "calm")
    stage.until(lambda: "calm" in stage.session.engine.cues.stored)
    store.set("cue/write", True)
    copy = Path("shows/night.yaml")
    stage.until(lambda: "calm" in copy.read_text(encoding="utf-8"))
    assert stage.path.read_text(encoding="utf-8") == TEXT
    assert stage.said.count("a copy was written") == 1
    assert [rule.osc for rule in load_show(copy).mappings] == ["/pad", "/mine", "/a"]


def test_the_show_is_saved_as_it_plays(stage: Stage) -> None:
    store = stage.performance.store
    for name, value in (
        *(("strength", 0.71234567), ("prompt/b", "gold: #1"), ("macro/pedal", 0.4)),
        *(("mix/mode", "screen"), ("output/blackout", 1.0), ("output/freeze", True)),
        *(("mask/invert", True), ("tempo/bpm", 98.0), ("noise/hold", 0.5), ("cue/store", "calm")),
    ):
        store.set(name, value)
    stage.until(lambda: "calm" in stage.session.engine.cues.stored)
    stage.show.frames(30)  # what glides has come to stand
    reply = stage.writer.save_as({"name": "friday night"})
    assert reply["file"] == "shows/friday night.yaml"
    assert reply["remark"] in stage.said
    assert reply["remark"].endswith("; noise/hold: led by a curve, which stays as it is")
    path = Path(reply["file"])
    text, show = path.read_text(encoding="utf-8"), load_show(path)
    for kept in ("# a night at the harbour", "# its name", "# calm", "# mine"):
        assert kept in text
    assert show.show == "friday night"
    assert show.start == {
        "strength": 0.7123,
        "prompt/a": "fog",
        "prompt/b": "gold: #1",
        "mix/mode": "screen",
        "macro/pedal": 0.4,
        "mask/invert": True,
    }
    assert show.tempo.bpm == 98
    assert "calm" in [cue.name for cue in show.cues]
    assert [rule.osc for rule in show.mappings] == ["/pad", "/mine"]
    assert show.source == ["testcard", "drawn:kiss"]
    assert stage.path.read_text(encoding="utf-8") == TEXT
    assert "kept as" in stage.writer.save_as({"name": "friday night"})["remark"]
    with pytest.raises(Fault, match="a name is wanted"):
        stage.writer.save_as({"name": "../night"})


def test_what_was_chosen_is_saved_too(folder: Path, play_show: PlayShow) -> None:
    (folder / "a.png").touch()
    stage = started(folder / "night.yaml", TEXT, play_show)
    playing = stage.performance.run_state
    playing.show = playing.show.model_copy(
        update={
            "source": ["image:a.png", "testcard"],
            "model": playing.show.model.model_copy(update={"name": "drawn"}),
            "sinks": ["record:x.mp4"],
            "midi": playing.show.midi.model_copy(update={"devices": ["nano"]}),
        }
    )
    stage.writer.save_as({"name": "mine"})
    show = load_show(Path("shows/mine.yaml"))
    assert show.source == ["image:shows/../a.png", "testcard"]
    assert (show.model.name, show.sinks, show.midi.devices) == ("drawn", ["record:x.mp4"], ["nano"])


def test_a_source_that_was_found_is_named_in_the_saved_show_for_deck_b(
    folder: Path, play_show: PlayShow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vj.app.device_names.found_sources", lambda: ["drawn:room"])
    stage = started(folder / "night.yaml", TEXT, play_show)
    stage.performance.choosers.choose("deck_b", "drawn:room")
    assert stage.performance.store.get("deck/b") == "drawn:room"
    stage.writer.save_as({"name": "mine"})
    show = load_show(Path("shows/mine.yaml"))
    assert show.sources == {"drawn:room": "drawn:room"}
    assert show.start["deck/b"] == "drawn:room"


def test_a_show_that_is_not_to_be_written_says_so(stage: Stage) -> None:
    writer = ShowWriter(stage.performance.context, stage.session, None)
    for ask in (
        lambda: writer.unmap({"key": "x"}),
        lambda: writer.range({"key": "x", "range": [0, 1]}),
        lambda: writer.save_as({"name": "x"}),
    ):
        with pytest.raises(Fault, match="no file"):
            ask()
    assert writer.mappings({})["list"][0]["from"] is None


def test_a_show_that_is_saved_over_itself_plays_on(folder: Path, play_show: PlayShow) -> None:
    (folder / "shows").mkdir()
    text = TEXT.replace("include: pads", "include: ../pads")
    stage = started(folder / "shows" / "night.yaml", text, play_show)
    store = stage.performance.store
    store.set("strength", 0.7)
    stage.show.frames(10)
    remark = stage.writer.save_as({"name": "night"})["remark"]
    assert "what stood there is kept as shows/night.yaml.bak" in remark
    stage.until(lambda: store.start_of("strength") == 0.7)
    assert store.get("strength") == 0.7
    assert "/pad" in stage.rows()
    assert Path("shows/night.yaml.bak").read_text(encoding="utf-8") == text
