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
from vj.app.offline import Rendering
from vj.core.errors import Fault
from vj.show.load import load_show

fetched = needs("arbitrary_predict.onnx", "arbitrary_transform.onnx")
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


@fetched
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
    assert sum("nowhere.png" in one for one in show.messages) == 1


@fetched
@pytest.mark.parametrize("first", ["picture", "none"])
def test_pictures_that_are_not_there_yet_are_waited_for_with_ours(
    walls: Path, play_show: PlayShow, first: str
) -> None:
    text = SHOW.format(names="later.png").replace("model: picture", f"model: {first}")
    walls.write_text(text, encoding="utf-8")
    show = play_show(walls)
    if first != "picture":
        show.until(lambda: any("playing with" in one for one in show.messages))
        show.performance.store.set("model", "picture")
    show.until(lambda: explained(show) == "cut paper 100 %")
    assert sum("later.png: no such file" in one for one in show.messages) == 1
    Path("rust.png").rename("later.png")
    show.until(lambda: explained(show) == "later 100 %")


@pytest.mark.parametrize(
    ("names", "styles", "words"),
    [
        ("rust.png, lost.png", "rust", "lost.png: no such file"),
        ("rust.png, notes.png", "rust", "notes.png: is no picture"),
        ("rust.png, empty", "rust", "empty: no picture is in this folder"),
        ("rust.png", "rust, coal", "image/styles: no style picture is called 'coal'"),
        ("rust.png", "rust, torn", "image/styles: torn: .*torn.png: is no picture"),
    ],
)
def test_offline_a_picture_that_is_not_there_is_an_error_before_the_first_frame(
    walls: Path, names: str, styles: str, words: str
) -> None:
    for name in ("empty", "shows/pictures"):
        Path(name).mkdir(parents=True)
    for name in ("notes.png", "shows/pictures/torn.png"):
        Path(name).write_text("no picture", encoding="utf-8")
    text = SHOW.replace("rust, ice", styles).replace("sinks: []", "sinks: ['record:out/']")
    walls.write_text(text.format(names=names), encoding="utf-8")
    with pytest.raises(Fault, match=words):
        Rendering(load_show(walls), print, seconds=0.1).run()
    assert not Path("out").exists()
