"""Scenes of a show in its recipe for Stable Diffusion models."""

from __future__ import annotations

from typing import Any

import pytest
from ruamel.yaml.comments import CommentedMap

from vj.show.as_played import put_start
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


def test_scenes_that_were_sent_while_a_recipe_plays_are_saved_into_it() -> None:
    tree = CommentedMap({**SHOW, "with": CommentedMap({"sd": CommentedMap({"prompts": ["cars"]})})})
    table = check_show(tree, "test").table()
    put_start(tree, {"prompt/scenes": "a lion | a tiger"}, table, "sd")
    show = check_show(tree, "test")
    assert "pastel" in show.start["prompt/scenes"], "those of the painters"
    assert show.with_recipe("sd").start["prompt/scenes"] == "a lion | a tiger"


def test_what_is_wrong_in_them_is_told_where_it_stands() -> None:
    sd = {"prompts": ["cars", {"prompt": "ships", "set": {"strength": 4}}]}
    with pytest.raises(ShowFaults, match=r"strength: 4 is above 1"):
        check_show({**SHOW, "with": {"sd": sd}}, "test")
