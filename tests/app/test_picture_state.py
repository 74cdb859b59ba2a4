"""A rendering that goes on with what an earlier one has left paints what that one would have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.app.films import draw_film, film_show, pictures
from tests.tiny_models import make_lora, make_model
from vj.app.offline import Rendering
from vj.app.picture_state import PictureState
from vj.pipeline.frame_range import FrameRange
from vj.show.load import FIRST_SHOW, check_show, load_show
from vj.show.schema import Show

CAME, ALL = 5, 9
"""Frames before it was killed, and in all."""
QUICK = ("dream", "crash_kiss")
SHOWS = sorted(path.stem for path in FIRST_SHOW.parent.glob("*.yaml"))


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def gone_on(show: Any, file: Path | None = None) -> list[bool]:
    """Render, and render from the middle on with what the first one had left there. Of each frame
    of the second whether it is that of the first."""
    left: dict[int, bytes] = {}

    def keep(state: PictureState, came: int) -> None:
        if came == CAME:
            left[state.rendered] = state.saved()

    def take_up(state: PictureState, came: int) -> None:
        if came == CAME:
            state.restore(next(iter(left.values())))

    def rendered(out: str, **more: Any) -> list[np.ndarray]:
        rendering = Rendering(show(out), print, ALL / 25, 25.0, file=file, **more)
        rendering.between = take_up if more else keep
        rendering.run()
        return list(pictures(Path(out)).values())

    whole = rendered("whole")
    rest = rendered("rest", part=FrameRange(paints=CAME))
    wanted = whole[next(iter(left)) :]
    return [np.array_equal(*both) for both in zip(rest, wanted, strict=True)]


SHIPPED = [pytest.param(name, marks=() if name in QUICK else pytest.mark.long) for name in SHOWS]


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_show_goes_on(name: str) -> None:
    path = FIRST_SHOW.with_stem(name)

    def show(out: str) -> Show:
        return load_show(path, {"sinks": [f"record:{out}/"], "size": "64x64", "mark": False})

    same = gone_on(show, path)
    assert len(same) > 2
    assert all(same)


PLAYED: dict[str, dict[str, Any]] = {
    "pictures on their way, and made between": {
        "start": {"steps": 2, "guidance": 1.4, "noise/ride": 1, "memory/amount": 0.5},
        "slow": 2,
    },
    "own effects": {
        "effects": ["rgb_trails", {"file": "slit_scan", "at": "end"}],
        "start": {"feedback/amount": 0.3},
    },
    "a journey, whose edges have a layer of their own": {
        "timeline": [{"at": 0.1, "cue": "fly"}],
        "cues": [{"name": "fly", "set": {"journey": True, "feedback/x": 0.1}}],
    },
    "another model": {
        "models": {"other": {"name": "pocket", "dtype": "float32"}},
        "timeline": [{"at": 0.1, "cue": "other"}],
        "cues": [{"name": "other", "set": {"model": "other"}}],
    },
}


@pytest.mark.long
def test_stable_diffusion_goes_on(tmp_path: Path) -> None:
    """Two steps on their way, a LoRA that is faded in, memory and latents."""
    folder, lora = make_model(tmp_path / "tiny", "sd15"), tmp_path / "ink.safetensors"
    make_lora(folder, lora)
    draw_film(tmp_path / "film.mkv")
    more: dict[str, Any] = {
        "model": {"name": str(folder), "device": "cpu", "dtype": "float32", "loras": [str(lora)]},
        "start": {"steps": 2, "memory/amount": 0.5, "latent/morph": 0.3, "noise/ride": 1},
        "curves": [{"to": "lora/ink", "points": [[0, 0], [0.4, 2]]}],
    }
    same = gone_on(lambda out: check_show(film_show(f"{out}/", **more), "here"))
    assert len(same) > 2
    assert all(same)


@pytest.mark.parametrize("name", PLAYED)
def test_whatever_is_on_its_way_goes_on(name: str, tmp_path: Path) -> None:
    draw_film(tmp_path / "film.mkv")
    same = gone_on(lambda out: check_show(film_show(f"{out}/", **PLAYED[name]), "here"))
    assert len(same) > 2
    assert all(same)
