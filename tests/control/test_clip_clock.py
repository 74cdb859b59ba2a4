"""The clip on deck A as the clock of curves, entries, fades and marks: a real playhead gives the
places, and the show follows the picture that is seen."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.control.harness import FPS, ControlHarness
from vj.control.build import make_engine
from vj.control.marks import ClipMarks
from vj.core.errors import Fault
from vj.core.happenings import Happening
from vj.core.picture_place import PicturePlace, PlayedPart
from vj.parameters.store import Snapshot
from vj.show.clip_names import ClipNames
from vj.show.load import check_show
from vj.sources.clip_place import picture_place
from vj.sources.playhead import Playhead
from vj.sources.transport import Transport, TransportControl

LENGTH = 8.0
RAMP: dict[str, Any] = {"on": "clip", "points": [["0:00", 0.0], ["0:08", 0.8]]}


class Clip(ControlHarness):
    """A show whose deck A has a clip of 8 s and 24 pictures a second."""

    def __init__(self, **show: Any) -> None:
        super().__init__(**{"source": "drawn:kiss", **show})
        self.uri = self.show.source[0]
        self.control = TransportControl()
        self.head = Playhead(self.control, LENGTH, 1 / 24, live=False)

    def place(self) -> PicturePlace:
        self.head.at(self.now)
        place = picture_place(self.head)
        return PicturePlace(place.seconds, place.step, place.way, place.part, place.run, self.uri)

    def step(self) -> tuple[Snapshot, PicturePlace]:
        """One frame, and where its picture stands."""
        place = self.place()
        frame = self.store.sample(self.now, place)
        self.now += 1 / FPS
        return frame, place

    def run(self, frames: int) -> list[tuple[Snapshot, PicturePlace]]:
        return [self.step() for _ in range(frames)]


def test_a_curve_is_where_the_clip_is_whatever_is_done_to_it() -> None:
    """Speeds, seeks, the part that plays, ping-pong and pauses, as chance has it: a thousand
    rounds at the end of it nothing has drifted."""
    clip, chance = Clip(curves=[{"to": "strength", **RAMP}]), random.Random(3)
    for _ in range(200):
        transport = Transport(
            chance.choice([1.0, 0.1, -0.5, 4.0, 0.0, -4.0]),
            chance.choice([0.0, 0.0, 0.2]),
            chance.choice([1.0, 1.0, 0.7]),
            chance.choice(["loop", "loop", "ping-pong", "once"]),
        )
        clip.control.set(transport)
        if chance.random() < 0.3:
            clip.control.seek(chance.random())
        for frame, place in clip.run(20):
            assert frame["strength"] == pytest.approx(place.seconds / 10, abs=1e-6)
    clip.control.set(Transport(4.0))
    clip.now += 1000 * LENGTH / 4
    for frame, place in clip.run(3):
        assert frame["strength"] == pytest.approx(place.seconds / 10, abs=1e-6)


def cues(clip: Clip, frames: int) -> list[tuple[str, float]]:
    """Cues as they are fired in so many frames, with where the picture stood."""
    heard: list[str] = []
    clip.engine.happenings.listeners[:] = [lambda one: heard.append(one.name)]
    found = []
    for _ in range(frames):
        _, place = clip.step()
        found += [(name.removeprefix("cue "), place.seconds) for name in heard]
        heard.clear()
    return found


ENTRIES: dict[str, Any] = {
    "marks": {"impact": "0:03.4"},
    "cues": [{"name": "begin"}, {"name": "crash"}, {"name": "end"}],
    "timeline": [
        {"at": 0, "cue": "begin", "on": "clip"},
        {"at": "impact", "cue": "crash", "on": "clip"},
        {"at": "0:07.9", "cue": "end", "on": "clip"},
    ],
}


@pytest.mark.parametrize("speed", [1.0, 0.37, 4.0, -2.0])
def test_an_entry_is_fired_in_each_round_as_the_picture_comes_to_it(speed: float) -> None:
    clip, rounds = Clip(**ENTRIES), 6
    clip.control.set(Transport(speed))
    fired = [one for one in cues(clip, round(rounds * LENGTH * FPS / abs(speed))) if one[0] in CUES]
    for name, at in (("begin", 0.0), ("crash", 3.4), ("end", 7.9)):
        places = [place for cue, place in fired if cue == name]
        assert rounds - 1 <= len(places) <= rounds + 1
        off = [min(abs(place - at), LENGTH - abs(place - at)) for place in places]
        assert max(off) <= abs(speed) / FPS + 0.003, "within a frame"


CUES = ("begin", "crash", "end")


def test_a_seek_across_an_entry_does_not_fire_it_and_landing_on_it_does_once() -> None:
    clip = Clip(**ENTRIES)
    assert [name for name, _ in cues(clip, 10) if name in CUES] == ["begin"]
    clip.control.seek(0.8)
    assert not cues(clip, 5)
    clip.control.seek(3.4 / LENGTH)
    names = [name for name, _ in cues(clip, 30)]
    assert names == ["mark impact", "crash"]
    clip.control.set(Transport(0.0))
    clip.control.seek(3.41 / LENGTH)
    assert [name for name, _ in cues(clip, 30)] == ["mark impact", "crash"], "held, too: once"


def test_of_several_clips_the_one_that_is_named_is_followed() -> None:
    clip = Clip(
        sources={"kiss": "drawn:kiss", "drive": "drawn:drive"},
        source="kiss",
        curves=[
            {"to": "strength", "clip": "kiss", **RAMP},
            {"to": "strength", "clip": "drive", "on": "clip", "points": [["0:00", 0.9], [6, 0.9]]},
        ],
    )
    frame, place = clip.run(9)[-1]
    assert frame["strength"] == pytest.approx(place.seconds / 10, abs=1e-6)
    clip.uri, clip.head = "drawn:drive", Playhead(TransportControl(), 6.0, 1 / 24, live=False)
    assert clip.step()[0]["strength"] == 0.9


def test_a_clip_of_a_list_and_a_file_are_called_as_they_stand_there() -> None:
    names = ClipNames({"room": "drawn:room"}, ["clips:/a/b/kiss.mp4,drawn:drive", "/c/own.mp4"])
    listed = "clips:/a/b/kiss.mp4,drawn:drive"
    assert {"room", "kiss.mp4", "drawn:drive", "own.mp4"} < set(names.known)
    assert names.of(listed, "/a/b/kiss.mp4")[0] == "kiss.mp4" == names.home(listed, "/a/b/kiss.mp4")
    assert names.of(listed, "drawn:drive")[-1] == names.home("/c/own.mp4") == ""
    assert names.home("drawn:room") == "room"
    assert names.of("drawn:room") == ("room",), "and it is not the show's own"


def test_what_is_no_clip_leaves_the_parameter_where_it_is() -> None:
    clip = Clip(curves=[{"to": "strength", **RAMP}])
    last = clip.run(60)[-1][0]["strength"]
    assert clip.at("strength") == last, "a camera on deck A"


def test_a_hand_takes_a_curve_over_until_the_next_point_round_or_seek() -> None:
    points = [["0:00", 0.0], ["0:04", 0.4], ["0:08", 0.8]]
    clip = Clip(curves=[{"to": "strength", "on": "clip", "points": points}])
    clip.run(30)
    clip.store.set("strength", 0.95)
    clip.run(20)
    assert clip.step()[0]["strength"] == pytest.approx(0.95)
    clip.control.seek(0.25)
    frame, place = clip.step()
    assert frame["strength"] == pytest.approx(place.seconds / 10, abs=1e-6)


def test_the_frame_that_another_picture_takes_has_that_pictures_values() -> None:
    """A cut is known only after the frame's parameters are: they are sampled again with it, and no
    envelope, macro or LFO goes on twice."""
    moves = {
        "macros": {"pedal": {"attack": "1 s", "drives": {"mix/wet": [1, 0]}}},
        "modulators": [
            {"lfo": "sine", "rate": "2 s", "to": "feedback/zoom", "range": [0.9, 1.1]},
            {"envelope": "beat", "decay": "0.4 s", "to": "picture/hue", "depth": 40},
        ],
        "curves": [{"to": "strength", **RAMP}],
    }
    one, two = Clip(**moves), Clip(**moves)
    for clip in (one, two):
        clip.store.set("macro/pedal", 1.0)
        clip.run(10)
    two.control.seek(0.5)
    place = two.place()
    known = one.store.sample(one.now, one.place())
    first = two.store.sample(two.now, one.place())
    again = two.store.sample_again(first, place)
    assert again["strength"] == pytest.approx(place.seconds / 10, abs=1e-6)
    others = {name: value for name, value in again.values.items() if name != "strength"}
    assert others == {name: known[name] for name in others}
    assert two.store.sample_again(again, place) is again


def test_a_fade_on_the_clip_waits_while_the_clip_stands() -> None:
    clip = Clip(
        cues=[{"name": "crash", "fade": "2 s", "on": "clip", "set": {"strength": 1.0}}],
        start={"strength": 0.0},
    )
    clip.store.set("cue/fire", "crash")
    clip.run(31)
    assert clip.step()[0]["strength"] == pytest.approx(0.5, abs=0.03)
    clip.control.set(Transport(0.0))
    held = clip.run(60)[-1][0]["strength"]
    assert held == pytest.approx(0.5, abs=0.06)
    clip.control.set(Transport(-2.0))
    assert clip.run(32)[-1][0]["strength"] == 1.0


def test_a_mark_starts_an_envelope_and_is_told_at_its_very_moment() -> None:
    told: list[Happening] = []
    clip = Clip(
        marks={"lips": "0:01.01"},
        modulators=[
            {"envelope": "mark lips", "attack": 0, "decay": "1 s", "to": "strength", "depth": 0.4}
        ],
        start={"strength": 0.2},
    )
    clip.engine.happenings.listeners.append(told.append)
    values = [frame["strength"] for frame, _ in clip.run(40)]
    assert values[30] == pytest.approx(0.2)
    assert values[31] == pytest.approx(0.6, abs=0.02)
    assert [one.name for one in told] == ["mark lips"]
    assert told[0].time == pytest.approx(1.01, abs=0.004)


def test_a_mark_is_set_where_the_picture_stands_that_is_seen() -> None:
    clip = Clip(**ENTRIES, mappings=[{"key": "m", "to": "mark/set", "value": "impact"}])
    clip.run(61)
    _, place = clip.step()
    clip.run(3)
    clip.latency = 3 / FPS  # the picture is seen so much later
    assert clip.engine.on_key("m")
    clip.step()
    assert clip.messages == [
        f"mark impact is set at 0:{place.seconds:06.3f} of drawn:kiss; /vj/mark/write writes it"
    ]
    clip.control.seek(0)
    fired = [one for one in cues(clip, 80) if one[0] == "crash"]
    assert fired[0][1] == pytest.approx(place.seconds, abs=1 / FPS), "at once, where it is now"
    assert clip.engine.sequencer.clip.marks.unwritten() == {
        "": {"impact": pytest.approx(place.seconds, abs=0.001)}
    }
    clip.messages.clear()
    clip.store.set("mark/set", "")
    clip.step()
    assert clip.messages == ["mark '': a name is wanted, such as impact"]


def test_a_saved_show_goes_on_where_the_clip_is() -> None:
    """Nothing that has come is fired again, a released curve stays released, and a mark that was
    set and is not written stands over what the file says."""
    curves = [{"to": "strength", **RAMP}]
    clip = Clip(**ENTRIES, curves=curves)
    clip.run(45)
    clip.store.set("mark/set", "impact")
    clip.store.set("strength", 0.95)
    clip.run(15)
    saved = check_show(
        {
            "source": "drawn:kiss",
            "curves": curves,
            **ENTRIES,
            "marks": {"impact": "0:05", "lips": 1},
        },
        "test",
    )
    made, _ = make_engine(saved, clip.store, live=False, log=clip.messages.append)
    made.take_over(clip.engine)
    clip.store.listeners[:] = [made.changed]
    clip.store.automation = clip.engine = made
    assert [name for name, _ in cues(clip, 5) if name in CUES] == []
    assert clip.step()[0]["strength"] == pytest.approx(0.95)
    assert made.sequencer.clip.marks.unwritten() == {
        "": {"impact": pytest.approx(44 / FPS, abs=0.001)}
    }
    clip.control.seek(0.1)
    assert [name for name, _ in cues(clip, 60) if name in CUES] == ["crash"]


@pytest.mark.parametrize(
    ("show", "words"),
    [
        (
            {"curves": [{"to": "strength", "on": "clip", "points": [[0, 0], ["lips", 1]]}]},
            "lips: no such mark",
        ),
        (
            {
                "curves": [
                    {"to": "strength", "on": "clip", "clip": "kis", "points": [[0, 0], [1, 1]]}
                ]
            },
            "kis: no such clip in this show; did you mean kiss?",
        ),
        ({"curves": [{"to": "strength", "points": [[0, 0], ["lips", 1]]}]}, "goes with on: clip"),
        (
            {"curves": [{"to": "strength", "on": "clip", "points": [["bar 2", 0], [9, 1]]}]},
            "a clip has no beats",
        ),
        (
            {"curves": [{"to": "strength", "clip": "kiss", "points": [[0, 0], [9, 1]]}]},
            "goes with on: clip",
        ),
        ({"timeline": [{"at": "impact", "on": "clip", "cue": "x"}]}, "impact: no such mark"),
        ({"timeline": [{"at": 4, "on": "clip", "loop": 2}]}, "loop: leads back on the timeline"),
        ({"timeline": [{"cue": "x"}]}, "either at: a moment, or when:"),
        ({"timeline": [{"when": "faces meat", "cue": "x"}]}, "did you mean faces meet?"),
        ({"marks": {"lips": "bar 3"}}, "a clip has no beats"),
        ({"marks": {"4 s": "0:03"}}, "this is a time; a name is wanted"),
        ({"marks": {"kis": {"lips": 1}}}, "kis: no such clip"),
        (
            {
                "modulators": [{"envelope": "mark lisp", "to": "strength", "depth": 1}],
                "marks": {"lips": 1},
            },
            "lisp: no such mark; did you mean lips?",
        ),
        (
            {
                "modulators": [{"envelope": "mark", "to": "strength", "depth": 1}],
                "marks": {"lips": 1},
            },
            "mark: of which name? (lips)",
        ),
    ],
)
def test_what_is_wrong_is_told(show: dict[str, Any], words: str) -> None:
    whole = {"source": "kiss", "sources": {"kiss": "drawn:kiss"}, "cues": [{"name": "x"}], **show}
    with pytest.raises(Fault) as caught:
        check_show(whole, "test")
    assert words in str(caught.value)


def test_a_mark_on_what_the_show_does_not_name_says_so() -> None:
    marks = ClipMarks(ClipNames({"kiss": "drawn:kiss"}, ["camera"]), {})
    part = PlayedPart(0, 8, "loop")
    with pytest.raises(Fault, match="what plays on deck A now is no source of this show"):
        marks.set("impact", PicturePlace(1, 0.04, 1, part, uri="testcard"))
    assert "of kiss" in marks.set("impact", PicturePlace(1, 0.04, 1, part, uri="drawn:kiss"))
