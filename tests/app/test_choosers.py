"""Another source, model, sinks or devices while a show plays: over OSC, by a cue, from the page."""

from __future__ import annotations

import socket
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from pythonosc.osc_message import OscMessage

from tests.conftest import PlayShow
from tests.shows import PlayedShow, ShowPeer
from tests.waiting import until
from vj.app import device_names
from vj.app.chosen import NOTHING, models, played
from vj.control.osc.packet import pack
from vj.core.errors import Fault
from vj.core.frame import Frame
from vj.pipeline.frame_context import FrameContext
from vj.show.load import load_show

DARK, BRIGHT = 60, 200
SHOW = """\
show: two clips
size: 64x64
source: dark.mp4
sources: {{bright: bright.mp4, lost: lost.mp4, later: "ndi:nobody of that name"}}
model: {model}
models: {{gone: nowhere/}}
osc: 127.0.0.1:0
page: off
sinks: []
midi: off
start: {{feedback/amount: 0, blend/smoothing: 0, crossfade: {crossfade}}}
cues:
  - {{name: sun, set: {{source: bright}}}}
"""


def write_grey(path: Path, level: int) -> None:
    """A clip of one grey, of a second."""
    with av.open(str(path), "w") as file:
        track = file.add_stream("libx264", rate=30, options={"preset": "ultrafast"})
        track.width, track.height, track.pix_fmt = 64, 64, "yuv420p"
        for _ in range(30):
            pixels = np.full((64, 64, 3), level, np.uint8)
            file.mux(track.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        file.mux(track.encode())


class Watched:
    """A played show, its pictures and its OSC."""

    def __init__(self, show: PlayedShow) -> None:
        self.show, self.performance = show, show.performance
        self.greys: list[float] = []
        self.painted: list[float] = []
        """How far each picture is from the dark clip's."""
        shown = self.performance.servers.show_frame

        def show_frame(context: FrameContext, frame: Frame) -> None:
            self.greys.append(float(frame.pixels.mean()))
            self.painted.append(float(np.abs(frame.pixels.astype(int) - DARK).mean()))
            shown(context, frame)

        self.performance.servers.show_frame = show_frame  # type: ignore[method-assign]
        assert self.performance.servers.osc is not None
        self.osc = ShowPeer(self.performance.servers.osc.address[1])
        self.until(lambda: self.performance.loop.first is not None)
        self.show.frames(4)  # the first ones of a model fade in

    def until(self, true: Callable[[], object]) -> None:
        self.show.until(true)

    def until_grey(self, grey: int) -> None:
        """Wait until the picture is so bright, and stays."""
        self.until(lambda: len(self.greys) > 2 and max(abs(g - grey) for g in self.greys[-3:]) < 3)

    def value(self, name: str) -> object:
        return self.performance.store.get(name)

    def answer(self, address: str, value: object) -> str:
        """What comes back to the sender of a message."""
        assert self.osc.osc_port is not None
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.settimeout(60)
            sender.sendto(pack(address, [value]), ("127.0.0.1", self.osc.osc_port))
            return str(OscMessage(sender.recv(65536)).params[0])


Play = Callable[..., Watched]


@pytest.fixture
def play(tmp_path: Path, play_show: PlayShow) -> Play:
    """A show of two clips; the one that is dark plays."""
    write_grey(tmp_path / "dark.mp4", DARK)
    write_grey(tmp_path / "bright.mp4", BRIGHT)

    def begin(model: str = "none", crossfade: float = 0.5) -> Watched:
        path = tmp_path / "two.yaml"
        path.write_text(SHOW.format(model=model, crossfade=crossfade))
        watched = Watched(play_show(path))
        watched.until_grey(DARK) if model == "none" else None
        return watched

    return begin


def test_another_clip_fades_in_without_a_gap(play: Play) -> None:
    show = play()
    show.osc.send("/vj/source", "bright")
    begun = len(show.greys)
    show.until_grey(BRIGHT)
    seen = show.greys[begun:]
    assert min(seen) > DARK - 3, "no black frame"
    assert all(after > before - 2 for before, after in pairwise(seen)), "one fade, one way"
    between = [grey for grey in seen if DARK + 3 < grey < BRIGHT - 3]
    assert 8 <= len(between) <= 16, "half a second at thirty frames a second"
    show.osc.send("/vj/source", "")
    show.until_grey(DARK)
    assert show.performance.metrics.faults == 0


def test_no_crossfade_is_a_cut(play: Play) -> None:
    show = play(crossfade=0)
    show.until_grey(DARK)
    begun = len(show.greys)
    show.osc.send("/vj/source", "bright")
    show.until_grey(BRIGHT)
    assert not [grey for grey in show.greys[begun:] if DARK + 5 < grey < BRIGHT - 5]


def test_every_step_of_the_clock_has_its_picture_while_it_changes(play: Play) -> None:
    show = play()
    show.show.frames(5)
    before = len(show.greys)
    show.osc.send("/vj/source", "bright")
    show.show.frames(40)
    assert len(show.greys) - before >= 40


def test_a_name_that_is_not_there_is_answered_with_those_that_are(play: Play) -> None:
    show = play()
    reply = show.answer("/vj/source", "brigth")
    assert "no such source 'brigth'; did you mean bright? (bright, lost, later, dark.mp4)" in reply
    models = "(gone, none, pocket, drawn, styles, picture, kiss, fox, paintbox)"
    assert models in show.answer("/vj/model", "sd")
    assert (show.value("source"), show.value("model")) == ("", "")
    show.until_grey(DARK)


def test_one_that_does_not_open_is_said_and_the_parameter_goes_back(play: Play) -> None:
    show = play()
    show.osc.send("/vj/source", "lost")
    show.until(lambda: any("there is no such file" in line for line in show.show.messages))
    show.until(lambda: show.value("source") == "")
    (line,) = [line for line in show.show.messages if "no such file" in line]
    assert line.startswith("source lost: ")
    assert line.endswith("what played goes on")
    show.until_grey(DARK)


def test_panic_goes_back_to_the_shows_own_and_a_cue_may_choose(play: Play) -> None:
    show = play(crossfade=0.1)
    show.osc.send("/vj/cue/fire", "sun")
    show.until_grey(BRIGHT)
    assert show.value("source") == "bright"
    show.osc.send("/vj/panic")
    show.until_grey(DARK)
    assert show.value("source") == ""


def test_a_saved_show_keeps_what_was_chosen_as_long_as_it_has_the_name(
    play: Play, tmp_path: Path
) -> None:
    show = play(crossfade=0.1)
    show.osc.send("/vj/source", "bright")
    show.until_grey(BRIGHT)
    path = tmp_path / "two.yaml"
    path.write_text(path.read_text().replace("two clips", "three clips"))
    assert show.performance.adopt(load_show(path))
    show.show.frames(10)
    show.until_grey(BRIGHT)
    assert show.value("source") == "bright"
    path.write_text(path.read_text().replace("bright: bright.mp4, ", "").split("cues:")[0])
    assert show.performance.adopt(load_show(path))
    show.until_grey(DARK)
    assert show.value("source") == ""
    assert "source bright is no longer in the show" in show.show.messages


def test_the_model_changes_and_back_while_the_picture_goes_on(play: Play) -> None:
    show = play()
    show.osc.send("/vj/model", "drawn")
    show.until(lambda: show.performance.loop.backend_name.startswith("drawn"))
    show.show.frames(30)
    gold = show.painted[-1]
    way = [apart for apart in show.painted if 0.1 < apart < gold - 0.1]
    assert gold > 3
    assert 8 <= len(way) <= 16, "half a second"
    assert show.performance.choosers.state()["model"]["value"] == "drawn"
    show.osc.send("/vj/model", "")
    show.until(lambda: show.performance.loop.backend_name == "none")
    before = len(show.painted)
    show.until(lambda: show.painted[-1] < 0.01)
    way = show.painted[before:]
    assert 8 <= len(way) <= 18, "and back"
    assert way == sorted(way, reverse=True)
    assert min(show.greys) > DARK / 2, "no black frame"
    assert show.performance.metrics.faults == 0


def test_a_model_that_cannot_be_loaded_leaves_the_one_that_plays(play: Play) -> None:
    show = play()
    show.osc.send("/vj/model", "gone")
    show.until(lambda: any("none paints on" in line for line in show.show.messages))
    show.until(lambda: show.value("model") == "")
    assert show.performance.run_state.show.model.name == "none"
    assert show.performance.choosers.state()["model"]["value"] == "none"


def test_the_page_chooses_what_is_listed_or_found_and_nothing_else(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []

    def found() -> list[str]:
        looks.append(1)
        return ["testcard", "drawn:kiss"]

    monkeypatch.setattr(device_names, "found_sources", found)
    monkeypatch.setattr(device_names, "midi_inputs", lambda: ["nanoKONTROL2"])
    monkeypatch.setattr(device_names, "sound_inputs", lambda: ["Scarlett"])
    show = play(crossfade=0.1)
    choosers = show.performance.choosers
    assert choosers.state()["source"] == {
        "value": "dark.mp4",
        "names": ["bright", "lost", "later", "dark.mp4"],
    }
    for what, value in (
        ("source", "/etc/passwd"),
        ("source", "dark2.mp4"),
        ("source", "image:/etc/passwd"),
        ("model", "/home/me/weights.safetensors"),
        ("sinks", ["record:/tmp/x.mp4"]),
        ("midi", ["Launchpad"]),
    ):
        with pytest.raises(Fault, match="no such name"):
            choosers.choose(what, value)
    with pytest.raises(Fault, match="no modulator of this show listens"):
        choosers.choose("audio", "Scarlett")
    with pytest.raises(Fault, match="source, deck_b, model, sinks, audio, midi"):
        choosers.choose("disk", "c")
    assert choosers.choose("source", "drawn:kiss")["value"] == "drawn:kiss"
    assert looks == [1], "kept for ten seconds"
    show.until(lambda: show.performance.report.status().source.startswith("drawn:kiss"))
    assert show.value("source") == "drawn:kiss", "OSC and the page are told"
    assert "drawn:kiss" in show.performance.store.table.rows["source"].choices
    with pytest.raises(Fault, match=r"source lost: .*no such file.*what played goes on"):
        choosers.choose("source", "lost")
    assert show.value("source") == "drawn:kiss"
    assert choosers.choose("midi", ["nanoKONTROL2"])["value"] == ["nanoKONTROL2"]
    assert show.performance.run_state.show.midi.devices == ["nanoKONTROL2"]
    assert choosers.choose("source", None)["value"] == "dark.mp4"
    show.until_grey(DARK)


def test_sinks_go_on_and_off_and_followers_listen_to_another_input(
    tmp_path: Path, play_show: PlayShow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(device_names, "sound_inputs", lambda: ["Scarlett"])
    for look in ("possible_sinks", "found_sources", "midi_inputs"):
        monkeypatch.setattr(device_names, look, list)
    path = tmp_path / "s.yaml"
    path.write_text(
        "size: 64x64\nmodel: none\nosc: 127.0.0.1:0\npage: off\nmidi: off\n"
        "sinks: [preview, 'record:one/', 'record:two/']\n"
        "modulators: [{audio: low, to: strength, depth: 0.2, input: lost.wav}]\n"
    )
    performance = play_show(path).performance
    choosers = performance.choosers
    assert choosers.state()["sinks"] == {
        "value": ["record:one", "record:two"],
        "names": ["record:one", "record:two"],
    }
    assert choosers.choose("sinks", ["record:two"])["value"] == ["record:two"]
    assert performance.run_state.show.sinks[0] == "preview"
    until(lambda: len(performance.outputs.sinks.states()) == 1)
    assert performance.outputs.sinks.states()[0].startswith("record:")
    assert choosers.choose("sinks", None)["value"] == ["record:one", "record:two"]
    assert len(performance.outputs.sinks.states()) == 2
    assert choosers.state()["audio"] == {
        "value": "lost.wav",
        "names": ["lost.wav", "default input"],
    }
    assert choosers.choose("audio", "Scarlett")["value"] == "Scarlett"
    assert performance.run_state.show.modulators[0].input == "Scarlett"
    assert choosers.choose("audio", "lost.wav")["value"] == "lost.wav"
    assert performance.run_state.show.modulators[0].input.endswith("lost.wav")


def test_a_stored_cue_holds_no_source_since_it_may_be_one_that_was_found(play: Play) -> None:
    show = play()
    show.osc.send("/vj/source", "bright")
    show.osc.send("/vj/cue/store", "here")
    cues = show.performance.session.engine.cues.cues
    show.until(lambda: "here" in cues)
    assert "strength" in cues["here"].set
    assert not {"source", "model"} & cues["here"].set.keys()


def test_the_shows_own_model_has_its_name_while_another_plays(tmp_path: Path) -> None:
    file = tmp_path / "show.yaml"
    file.write_text("show: Two\nmodel: models/dream\nmodels: {other: models/other}\n")
    show = load_show(file)
    names = list(models(show))
    assert names[:2] == ["other", "models/dream"]
    shown = played(show, NOTHING.having("model", "other"))
    assert shown.model == show.models["other"]
    assert list(models(shown)) == names
    assert "models/dream" in shown.table().find("model").choices
