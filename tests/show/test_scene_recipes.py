"""Scenes of a show in its recipe for Stable Diffusion models."""

from __future__ import annotations

from typing import Any

import pytest

from vj.show.load import ShowFaults, check_show

SHOW: dict[str, Any] = {
    "prompts": ["pastel", {"prompt": "woodcut", "set": {"strength": 0.6}}],
    "macros": {"pedal": {"drives": {"prompt/position": [0, 1]}}},
}


def test_the_recipes_prompts_take_the_place_of_all_there_are() -> None:
    sd = {"prompts": ["two toy cars, photograph", {"prompt": "ships", "set": {"strength": 0.4}}]}
    show = check_show({**SHOW, "with": {"sd": sd}}, "test")
    assert "pastel" in show.start["prompt/scenes"]
    other = show.with_recipe("sd")
    assert "pastel" not in other.start["prompt/scenes"]
    assert "photograph" in other.start["prompt/scenes"]
    assert [rule.set for rule in other.prompts] == [{}, {"strength": 0.4}]
    assert other.with_recipe(None).prompts == show.prompts


def test_what_is_wrong_in_them_is_told_where_it_stands() -> None:
    sd = {"prompts": ["cars", {"prompt": "ships", "set": {"strength": 4}}]}
    with pytest.raises(ShowFaults, match=r"strength: 4 is above 1"):
        check_show({**SHOW, "with": {"sd": sd}}, "test")
