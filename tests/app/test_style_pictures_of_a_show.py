"""A show whose model is picture, saved with other style pictures while it plays, and with a cue
that chooses among them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.conftest import PlayShow
from tests.fetched import needs
from tests.shows import PlayedShow
from vj.show.load import load_show

pytestmark = needs("arbitrary_predict.onnx", "arbitrary_transform.onnx")
SHOW = """\
show: walls
model: picture
style_pictures: [{names}]
source: drawn:harbour
size: 64x64
fps: 10
osc: 127.0.0.1:0
page: off
sinks: []
midi: off
start: {{strength: 1, prompt/travel: 0}}
cues:
  - {{name: both, set: {{image/styles: "rust, ice", image/mix: 0.25}}}}
"""


@pytest.fixture
def walls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The show's file, with pictures beside it, in the working directory."""
    for name, colour in {"rust": (30, 60, 190), "ice": (230, 190, 120)}.items():
        picture = np.full((48, 48, 3), colour, np.uint8)
        picture[::6] = 30
        cv2.imwrite(str(tmp_path / f"{name}.png"), picture)
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "walls.yaml"
    path.write_text(SHOW.format(names="rust.png"), encoding="utf-8")
    return path


def explained(show: PlayedShow) -> str:
    """What the picture is made with."""
    return show.performance.loop.pipeline.backend.understood


def test_other_pictures_play_once_they_are_saved_and_a_cue_chooses_among_them(
    walls: Path, play_show: PlayShow
) -> None:
    show = play_show(walls)
    show.until(lambda: explained(show) == "rust 100 %")
    walls.write_text(SHOW.format(names="ice.png, rust.png"), encoding="utf-8")
    assert show.performance.adopt(load_show(walls))
    show.until(lambda: explained(show) == "ice 100 %")
    assert any("style_pictures" in one for one in show.messages), show.messages
    show.performance.store.set("image/mix", 1.0)
    show.until(lambda: explained(show) == "rust 100 %")
    show.performance.store.set("cue/fire", "both")
    show.until(lambda: explained(show) == "rust 75 %, ice 25 %")
    walls.write_text(SHOW.format(names="nowhere.png"), encoding="utf-8")
    assert show.performance.adopt(load_show(walls))
    show.until(lambda: any("nowhere.png: no such file" in one for one in show.messages))
    assert explained(show) == "rust 75 %, ice 25 %", "what played goes on"
