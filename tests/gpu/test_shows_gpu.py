"""Whole shows on a card: what comes out of the file is a painted, moving picture, and nothing
failed on the way. Parts that agree with a CPU one by one may still not fit together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.diffusion.translators import folder_of
from tests.tiny_models import make_model
from vj.app.offline import Rendering
from vj.show.load import check_show

RATE, SECONDS = 10, 1.2


def rendered(folder: Path, model: Any, out: str = "out", **more: Any) -> list[np.ndarray]:
    """Pictures of a show, (H, W, 3) int."""
    lines = {
        "size": "128x96",
        "source": "testcard",
        "model": model,
        "fps": RATE,
        "sinks": [f"record:{folder / out}/"],
        **more,
    }
    lines["start"] = {"prompt/a": "molten gold", "strength": 0.7, **more.get("start", {})}
    said: list[str] = []
    rendering = Rendering(check_show(lines, folder / "here.yaml"), said.append, SECONDS)
    frames = round(RATE * SECONDS)
    assert rendering.run() == (frames - 1) * more.get("slow", 1) + 1
    assert rendering.metrics.faults == 0, said
    assert not [line for line in said if "failed" in line], said
    return [
        cv2.imread(str(path))[..., ::-1].astype(int) for path in sorted((folder / out).iterdir())
    ]


def apart(one: np.ndarray, two: np.ndarray) -> float:
    return float(np.abs(one - two).mean())


@pytest.fixture(params=["pocket", "drawn", "translator", "turbo", "sdxl"])
def model(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Of every kind, a small one where weights would have to be fetched."""
    if request.param == "translator":
        return str(folder_of("lines", tmp_path))
    if request.param in ("turbo", "sdxl"):
        made = make_model(tmp_path / request.param, request.param)
        return {"name": str(made), "vae": "full", "lcm_lora": "off"}
    return request.param


def test_every_kind_of_model_paints_a_show(model: Any, tmp_path: Path) -> None:
    found = rendered(tmp_path, model)
    plain = rendered(tmp_path, "none", "plain")
    assert min(apart(one, two) for one, two in zip(found, plain, strict=True)) > 2
    assert all(one.std() > 4 for one in found[1:]), "no even picture"
    assert apart(found[3], found[-1]) > 0.5, "it moves"


@pytest.mark.parametrize(
    "start",
    [
        {"feedback/amount": 0.5, "feedback/zoom": 1.02, "steps": 2},
        {"mask/mode": "luma", "mix/wet": 0.6, "picture/sharpen": 0.4, "picture/hue": 40},
        {"noise/align": 0.6, "noise/hold": 0.6, "noise/swirl": 30, "blend/smoothing": 0.5},
        {"deck/b": "testcard", "deck/mix": 0.5, "seed/mix": 0.5, "prompt/b": "ink"},
    ],
    ids=["feedback", "mask", "noise", "decks"],
)
@pytest.mark.parametrize("kind", ["pocket", "turbo"])
def test_what_is_played_reaches_the_card(kind: str, start: dict[str, Any], tmp_path: Path) -> None:
    model: Any = "pocket"
    if kind == "turbo":
        made = make_model(tmp_path / kind, kind)
        model = {"name": str(made), "vae": "full", "lcm_lora": "off"}
    found = rendered(tmp_path, model, start=start, slow=2)
    assert all(one.std() > 4 for one in found[2:])


def test_a_card_renders_what_a_cpu_renders(tmp_path: Path) -> None:
    start = {"feedback/amount": 0.3, "blend/smoothing": 0.3}
    there = rendered(tmp_path, {"name": "pocket", "dtype": "float32"}, start=start)
    here = rendered(
        tmp_path, {"name": "pocket", "device": "cpu", "dtype": "float32"}, "cpu", start=start
    )
    assert max(apart(one, two) for one, two in zip(here, there, strict=True)) < 3


def test_models_fade_one_into_the_other(tmp_path: Path) -> None:
    found = rendered(
        tmp_path,
        "pocket",
        cues=[{"name": "drawn", "set": {"model": "drawn"}}],
        timeline=[{"at": 0.4, "cue": "drawn"}],
        start={"crossfade": 0.4},
    )
    assert all(one.std() > 4 for one in found[1:])
