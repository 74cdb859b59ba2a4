"""What is wrong in a show's mappings, macros, modulators, cues, timeline and curves."""

from __future__ import annotations

from typing import Any

import pytest

from vj.show.load import ShowFaults, check_show


@pytest.mark.parametrize(
    ("show", "words"),
    [
        ({"mappings": [{"osc": "/f", "to": "strenght"}]}, "did you mean strength"),
        (
            {"mappings": [{"osc": "/f", "to": "strength", "range": [1, 0]}]},
            r"write \[0, 1\] with invert: true",
        ),
        ({"mappings": [{"osc": "/f", "to": "strength", "range": [0, 4]}]}, "4 is above 1"),
        ({"mappings": [{"to": "strength"}]}, "one control"),
        ({"mappings": [{"osc": "/f*", "to": "strength"}]}, "no OSC address"),
        ({"mappings": [{"midi": "cc 128", "to": "strength"}]}, "128 is above 127"),
        ({"mappings": [{"midi": "knob 1", "to": "strength"}]}, "no such control"),
        ({"mappings": [{"osc": "/f", "to": "strength", "colour": 1}]}, "unknown key colour"),
        ({"mappings": [{"pad": "axis 1", "take": 2, "to": "strength"}]}, "take: is for osc: only"),
        (
            {"mappings": [{"pad": "axis 0", "relative": "twos", "to": "strength"}]},
            "pad axis 0: relative: is for osc: and midi: only",
        ),
        (
            {"mappings": [{"key": "c", "device": "x", "to": "strength"}]},
            "key c: device: is for midi: and pad: and hid: only",
        ),
        (
            {
                "macros": {
                    "a": {"drives": {"strength": [0, 1]}},
                    "b": {"drives": {"mix/wet": [0, 1]}},
                },
                "mappings": [{"midi": "cc 64", "to": "a"}, {"midi": "cc 64", "to": "b"}],
            },
            "plays two macros",
        ),
        ({"macros": {"a": {"drives": {"prompt/a": [0, 1]}}}}, "is no number"),
        ({"macros": {"a": {"drives": {}}}}, "at least 1"),
        ({"modulators": [{"lfo": "sinus", "to": "strength", "depth": 1}]}, "did you mean sine"),
        ({"modulators": [{"lfo": "sine", "to": "strength"}]}, "either range"),
        ({"cues": [{"name": "a", "follow": "1 s", "then": "a"}]}, "cannot follow itself"),
        ({"cues": [{"name": "a", "set": {"cue/fire": "a"}}]}, "a cue names itself"),
        (
            {"cues": [{"name": "a", "set": {"panic": True}}]},
            "panic: a cue fires no other triggers than snapshot",
        ),
        ({"cues": [{"name": "a", "set": {"source/start": True}}]}, "source: in its place does it"),
        ({"cues": [{"name": "a"}, {"name": "a"}]}, "two cues"),
        ({"cues": [{"name": "a", "set": {"strength": 3}}]}, "3 is above 1"),
        ({"timeline": [{"at": 0, "cue": "x"}]}, "no such cue"),
        ({"timeline": [{"at": "5 s", "loop": "5 s"}]}, "a loop leads back"),
        ({"curves": [{"to": "strength", "points": [[1, 0.5], [0, 0.5]]}]}, "comes before"),
        ({"tempo": 1000}, "300"),
        (
            {"macros": {"a": {"drives": {"timeline/position": [0, 60]}}}},
            "a macro cannot drive the timeline",
        ),
        (
            {"modulators": [{"lfo": "sine", "to": "timeline/position", "depth": 1}]},
            "cannot be modulated",
        ),
        (
            {"cues": [{"name": "a", "set": {"timeline/position": 9}}]},
            "a cue does not move the timeline",
        ),
        (
            {"curves": [{"to": "timeline/position", "points": [[0, 0], [1, 9]]}]},
            "a curve runs along",
        ),
        (
            {"mappings": [{"osc": "/f", "to": "timeline/position", "smooth": "1 s"}]},
            "is set at once",
        ),
    ],
)
def test_faults_of_a_sequence_are_reported(show: dict[str, Any], words: str) -> None:
    with pytest.raises(ShowFaults, match=words):
        check_show(show, "test")


@pytest.mark.parametrize("take", ["shrae 1", "json", "share", "count 2", -1, "json a", ""])
def test_a_take_that_is_none_of_a_mapping_is_refused(take: object) -> None:
    with pytest.raises(ShowFaults, match=r"which value of a message"):
        check_show({"mappings": [{"osc": "/x", "to": "strength", "take": take}]}, "test")
