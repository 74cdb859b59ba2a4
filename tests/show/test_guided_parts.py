"""`controlnet:` and `t2i_adapter:` of a model, one or several, each with its guide."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from vj.app.chosen import with_recipe
from vj.app.setup import model_spec
from vj.diffusion.model_spec import GuidedPart
from vj.show.load import check_show, load_show


def led(*, setting: str = "controlnet", **model: Any) -> tuple[GuidedPart, ...]:
    show = check_show({"model": {"name": "owner/model", **model}}, "here")
    parts: tuple[GuidedPart, ...] = getattr(model_spec(show), setting)
    return parts


@pytest.mark.parametrize("setting", ["controlnet", "t2i_adapter"])
def test_one_or_several_may_be_named(setting: str) -> None:
    def given(value: object) -> tuple[GuidedPart, ...]:
        return led(setting=setting, **{setting: value})

    assert given("owner/scribble") == (GuidedPart("owner/scribble", "lines"),)
    assert given("owner/canny") == (GuidedPart("owner/canny", "lines"),), "as it always was"
    assert given("owner/sd15-Depth") == (GuidedPart("owner/sd15-Depth", "depth"),), "by its name"
    assert given({"model": "owner/canny", "guide": "edges"}) == (
        GuidedPart("owner/canny", "edges"),
    )
    several = ["owner/depth", {"model": "owner/x", "guide": "body"}, "owner/scribble"]
    assert [part.guide for part in given(several)] == ["depth", "body", "lines"]
    assert given([]) == ()


def test_their_paths_are_looked_for_beside_the_show(tmp_path: Path) -> None:
    (tmp_path / "nets" / "near").mkdir(parents=True)
    path = tmp_path / "show.yaml"
    path.write_text(
        "depth: d.onnx\nmodel:\n  name: owner/model\n  controlnet:\n    - owner/scribble\n"
        "    - {model: nets/near, guide: depth}\n  t2i_adapter: ./nets/near\n",
        encoding="utf-8",
    )
    show = load_show(path)
    spec = model_spec(show)
    near = str(tmp_path / "nets" / "near")
    assert [part.model for part in spec.controlnet] == ["owner/scribble", near]
    assert [part.model for part in spec.t2i_adapter] == [near]
    assert show.depth is not None
    assert show.depth.model == str(tmp_path / "d.onnx")


def test_a_recipe_brings_them_along() -> None:
    show = check_show(
        {
            "model": "owner/model",
            "with": {"sd": {"model": {"controlnet": ["owner/lines", "owner/depth"]}}},
        },
        "here",
    )
    found = model_spec(with_recipe(show)).controlnet
    assert [part.guide for part in found] == ["lines", "depth"]
