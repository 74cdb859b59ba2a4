"""What changes nothing as a show stands is said, with the reason in words."""

from __future__ import annotations

from typing import Any

import pytest

from vj.app.unused import counts_beats, unused
from vj.core.frame import Size
from vj.diffusion.making import make_backend
from vj.diffusion.model_spec import ModelSpec
from vj.parameters.rows import subject, view
from vj.parameters.store import Store
from vj.pipeline.backend import PassThrough
from vj.show.load import check_show

SIZE = Size(64, 64)


def reasons(source: str = "testcard", values: dict[str, Any] | None = None, **lines: Any) -> Any:
    show = check_show(lines, "here")
    store = Store(values or {}, show.table())
    by_model = {"palette/a": "only the built-in model has it"}
    return unused(show, show.table(), store.base(), by_model, source)


def test_a_bare_show_has_no_walk_no_timeline_no_beat_and_no_mask() -> None:
    found = reasons()
    assert found["palette/a"] == "only the built-in model has it"
    assert found["walk/position"] == "the source that plays is no walk"
    assert found["timeline/play"] == "the show has no timeline"
    assert found["tempo/bpm"] == "nothing in the show counts beats"
    assert found["mask/feather"] == "the mask is off: mask/mode is none"
    assert found["display/pattern"] == "the show has no display: among its sinks"
    assert "names no source" in found["image/grab"]
    assert found["portrait/pose"] == "there is no portrait: portrait/amount is 0"
    assert "portrait/amount" not in found
    assert found["background/prompt"] == "there is no background: background/source is empty"
    assert not {"mask/mode", "mask/learn", "strength", "source", "background/source"} & found.keys()


def test_what_is_used_is_not_in_it() -> None:
    found = reasons(
        "walk:drawn:meadow,drawn:harbour",
        {
            "mask/mode": "drawn",
            "image/from": "output",
            "background/source": "black",
            "portrait/amount": 1.0,
        },
        cues=[{"name": "a", "fade": "2 bars"}],
        timeline=[{"at": 0, "cue": "a"}],
        cuts=[{"at": 2}],
        lights=[{"dmx": 1, "to": "sacn"}],
        sinks=["preview", {"to": "display:2", "crop": "left half"}],
    )
    looked_at = {row.name for row in (*view.ROWS, *subject.ROWS)}
    keys, depth = ("walk/keys", "walk/repaint"), ("mask/near", "mask/far", "mask/soft")
    assert set(found) == {
        "palette/a",
        "image/styles",
        "prompt/position",
        *keys,
        *depth,
        *looked_at,
    }
    assert not {*depth} & set(reasons("testcard", {"mask/mode": "depth"}))
    assert not {*keys} & set(reasons("walk:drawn:meadow,drawn:harbour", {"walk/way": "morph"}))


def test_levels_of_what_is_off_move_nothing() -> None:
    assert {"sound/level", "sound/source/level"} <= set(reasons(sound="off"))
    found = reasons(sound="off", sounds={"sea": "drawn:sea"})
    assert "sound: off" in found["sound/source/level"]
    assert not {"sound/level", "sound/sea/level", "sound/sea/play"} & found.keys()


def test_style_pictures_are_for_the_picture_model() -> None:
    assert "model: picture" in reasons()["image/styles"]
    assert "image/styles" not in reasons(model="picture")


@pytest.mark.parametrize(
    ("source", "values", "seen"),
    [
        ("testcard", {}, False),
        ("draw:black", {}, True),
        ("testcard", {"mask/mode": "luma"}, False),
        ("testcard", {"mask/mode": "drawn"}, True),
        ("testcard", {"lines/from": "both"}, True),
    ],
)
def test_who_draws_for_a_show_that_does_not_look_is_told(
    source: str, values: dict[str, Any], seen: bool
) -> None:
    assert ("canvas/fade" not in reasons(source, values)) == seen


def test_a_canvas_that_waits_in_a_list_of_sources_is_used() -> None:
    show = check_show({"source": ["draw", "testcard"]}, "here")
    values = Store({}, show.table()).base()
    assert "canvas/fade" not in unused(show, show.table(), values, {}, "testcard")


def test_loras_of_other_models_are_dead_until_theirs_plays() -> None:
    other = {"name": "c/d", "loras": ["oil.safetensors"]}
    found = reasons(model={"name": "a/b", "loras": ["ink.safetensors"]}, models={"other": other})
    assert "lora/ink" not in found
    assert found["lora/oil"] == "the model that plays has no LoRA of this name"


@pytest.mark.parametrize(
    ("lines", "counts"),
    [
        ({}, False),
        ({"cues": [{"name": "a", "fade": "2 s"}]}, False),
        ({"cues": [{"name": "a", "fade": "1 beat"}]}, True),
        ({"cues": [{"name": "a", "follow": "4 bars"}]}, True),
        ({"modulators": [{"lfo": "sine", "rate": "4 s", "to": "strength", "depth": 0.1}]}, False),
        ({"modulators": [{"lfo": "sine", "rate": "1 bar", "to": "strength", "depth": 0.1}]}, True),
        ({"modulators": [{"envelope": "beat", "to": "strength", "depth": 0.1}]}, True),
        ({"mappings": [{"midi": "cc 1", "to": "strength", "quantise": "bar"}]}, True),
        ({"macros": {"m": {"attack": "1 beat", "drives": {"strength": [0, 1]}}}}, True),
        ({"curves": [{"to": "strength", "points": [["0 bars", 0], ["2 bars", 1]]}]}, True),
    ],
)
def test_whatever_is_timed_in_beats_makes_the_tempo_matter(
    lines: dict[str, Any], counts: bool
) -> None:
    assert counts_beats(check_show(lines, "here")) is counts


def test_with_the_model_none_a_prompt_moves_nothing_while_one_that_loads_may_still_use_it() -> None:
    none = make_backend(ModelSpec("none"), "stream", SIZE, Store().ahead(0), True, print)
    assert none.unused["prompt/a"] == "model none generates nothing: the input passes through"
    assert not {"feedback/amount", "mix/wet", "lines/amount", "walk/leg"} & none.unused.keys()
    assert PassThrough(SIZE).unused == {}
