"""A rendering on a card goes on, too. The card is stood in for by the host: its kernels by the C
compiler, its graphs by recordings, and what lies on it is written down as a card's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.app.films import draw_film, film_show
from tests.app.test_picture_state import gone_on, here
from tests.diffusion.test_whole_frame import Recorder, kernels_in_c, on_card, packing_in_c
from tests.tiny_models import make_model
from vj.core import object_state
from vj.diffusion import graphs
from vj.diffusion.model import Model
from vj.show.load import check_show

__all__ = ["here", "kernels_in_c", "on_card", "packing_in_c"]
PLAYED: dict[str, dict[str, Any]] = {
    "a step": {"feedback/amount": 0.5},
    "steps, a negative prompt": {"steps": 2, "guidance": 1.4, "prompt/negative": "grey"},
    "memory": {"steps": 2, "memory/amount": 0.5, "memory/every": 1, "noise/ride": 0.7},
    "by parts": {"steps": 2, "latent/morph": 300, "memory/amount": 0.5, "memory/every": 2},
}


MARKED = [pytest.param(name, marks=() if name == "memory" else pytest.mark.long) for name in PLAYED]


@pytest.mark.parametrize("name", MARKED)
def test_graphs_are_made_anew_and_what_frames_left_is_put_back(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_card: None
) -> None:
    recorder, made = Recorder(), Model.__post_init__

    def with_graphs(self: Model) -> None:
        made(self)
        self._capture = recorder  # type: ignore[assignment]

    monkeypatch.setattr(Model, "__post_init__", with_graphs)
    monkeypatch.setattr(graphs, "STEADY", 2)
    monkeypatch.setattr(object_state, "HOST", "another")
    folder = make_model(tmp_path / "tiny", "sd15")
    draw_film(tmp_path / "film.mkv")
    more: dict[str, Any] = {
        "model": {"name": str(folder), "vae": "full", "lcm_lora": "off", "device": "cpu"},
        "start": PLAYED[name],
    }
    same = gone_on(lambda out: check_show(film_show(f"{out}/", **more), "here"))
    assert recorder.recorded
    assert len(same) > 2
    assert all(same)
