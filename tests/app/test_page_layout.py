"""What the page shows, and where."""

from __future__ import annotations

from vj.app.page_layout import FADERS, faders, groups, pads, xy
from vj.parameters.table import ROWS, TABLE, Table, macro_row
from vj.show.page_section import PadRule

POCKET = {"image/styles": "only the picture model takes pictures"}


def with_macros(count: int) -> Table:
    return Table((*ROWS, *(macro_row(f"m{number}") for number in range(count))))


def test_every_parameter_stands_in_one_group() -> None:
    found = groups(with_macros(2))
    names = [name for group in found for name in group["names"]]
    assert sorted(names) == sorted(with_macros(2).rows)
    titles = [group["title"] for group in found]
    assert len(set(titles)) == len(titles)
    assert {"feedback", "macros", "whole picture", "noise seeds"} <= set(titles)


def test_the_stage_has_the_macros_first_and_then_what_is_played_most() -> None:
    found = faders(with_macros(2), None, POCKET)
    assert found[:4] == ["macro/m0", "macro/m1", "strength", "prompt/mix"]
    assert len(found) == FADERS
    assert faders(with_macros(20), None, {}) == [f"macro/m{number}" for number in range(FADERS)]
    assert "strength" not in faders(TABLE, None, {"strength": "there is no model"})
    assert faders(TABLE, ["seed/mix", "guidance"], {"guidance": "x"}) == ["seed/mix", "guidance"]
    assert faders(TABLE, [], {}) == []


def test_pads_are_the_cues_with_their_keys_or_what_the_show_names() -> None:
    keys = {"1": "calm", "2": "storm", "s": "storm"}
    assert pads(None, ["calm", "storm"], keys) == [
        {"name": "calm", "cue": "calm", "keys": ["1"]},
        {"name": "storm", "cue": "storm", "keys": ["2", "s"]},
    ]
    chosen = [PadRule(cue="storm", name="!"), PadRule(prompt="gold"), PadRule(source="cam")]
    assert pads(chosen, ["calm", "storm"], keys) == [
        {"name": "!", "cue": "storm", "keys": ["2", "s"]},
        {"name": "gold", "prompt": "gold", "keys": []},
        {"name": "cam", "source": "cam", "keys": []},
    ]


def test_the_xy_pad() -> None:
    assert xy(TABLE, None, POCKET) == ["prompt/mix", "strength"]
    assert xy(TABLE, None, {}) == ["image/mix", "strength"], "the picture model follows no prompts"
    assert "prompt/mix" not in faders(TABLE, None, {})
    assert faders(TABLE, None, {})[1] == "image/mix"
    assert xy(TABLE, ["feedback/x", "feedback/y"], {}) == ["feedback/x", "feedback/y"]
    assert xy(TABLE, [], {}) == []
