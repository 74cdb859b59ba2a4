"""People draw while a show plays: a scene until then, their strokes at once, and nothing of it
offline."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.shows import PlayedShow
from vj.app.offline import Rendering
from vj.core.frame import Frame
from vj.show.load import check_show

PlayShow = Callable[..., PlayedShow]
SHOW: dict[str, Any] = {
    "show": "Easel",
    "source": ["draw", "drawn:sketch"],
    "model": "none",
    "size": "64x48",
    "fps": 25,
    "sinks": [],
    "midi": "off",
    "osc": "127.0.0.1:0",
    "page": "off",
    "start": {"blend/smoothing": 0},
}


class Easel:
    """A show that plays on the test's clock, its canvas, and the frames that it sends."""

    def __init__(self, play_show: PlayShow, folder: Path, **more: Any) -> None:
        path = folder / "easel.yaml"
        path.write_text("\n".join(f"{k}: {v!r}" for k, v in (SHOW | more).items()))
        self.playing = play_show(path)
        self.performance = self.playing.performance
        self.canvas = self.performance.context.canvas
        self.sent: list[Frame] = []
        self.performance.outputs.sinks.on_frame = self.sent.append

    def draw(self, y: float = 0.5, person: int = 1, **more: Any) -> None:
        asked = {"points": [[0.1, y], [0.9, y]], "width": 0.2, "colour": "#ff0000", "end": True}
        self.canvas.stroke(person, {**asked, **more})

    def until_at(self, x: float, y: float, colour: tuple[int, int, int]) -> np.ndarray:
        """Frames, until one has this colour there; the frame's picture."""

        def there() -> bool:
            if not self.sent:
                return False
            height, width = self.sent[-1].pixels.shape[:2]
            return tuple(self.sent[-1].pixels[int(y * height), int(x * width)]) == colour

        self.playing.until(there)
        return self.sent[-1].pixels


def test_a_scene_plays_until_somebody_draws_then_their_strokes_do(
    play_show: PlayShow, tmp_path: Path
) -> None:
    easel = Easel(play_show, tmp_path)
    capture = easel.performance.video_input.capture
    assert capture is not None
    easel.playing.until(lambda: capture.uri == "drawn:sketch" and easel.sent)
    paper = easel.sent[-1].pixels
    assert paper.std() > 0, "the scene's paper has a grain"
    easel.draw()
    shown = easel.until_at(0.5, 0.5, (255, 0, 0))
    easel.until_at(0.5, 0.1, (255, 255, 255))
    easel.draw(0.8, person=2, colour="#0000ff")
    shown = easel.until_at(0.5, 0.8, (0, 0, 255))
    assert shown[24, 32].tolist() == [255, 0, 0]
    assert capture.uri == "draw"
    easel.canvas.undo(1)
    easel.until_at(0.5, 0.5, (255, 255, 255))
    easel.performance.store.set("canvas/clear", True)
    easel.playing.until(lambda: (easel.sent[-1].pixels == 255).all())
    assert "draw: nothing is drawn yet; drawn:sketch plays until it comes" in " ".join(
        easel.playing.messages
    )


def test_paper_that_was_chosen_by_name_is_there_though_nothing_is_drawn(
    play_show: PlayShow, tmp_path: Path
) -> None:
    easel = Easel(play_show, tmp_path, source="drawn:sketch", sources={"paper": "draw"})
    capture = easel.performance.video_input.capture
    assert capture is not None
    easel.playing.until(lambda: easel.sent and capture.uri == "drawn:sketch")
    easel.performance.store.set("source", "paper")
    easel.playing.until(lambda: (easel.sent[-1].pixels == 255).all())
    assert capture.uri == "draw"
    easel.performance.store.set("source", "")
    easel.playing.until(lambda: capture.uri == "drawn:sketch")


def test_what_is_drawn_stays_when_the_show_is_saved_with_another_rate(
    play_show: PlayShow, tmp_path: Path
) -> None:
    easel = Easel(play_show, tmp_path, source="draw")
    easel.draw()
    easel.until_at(0.5, 0.5, (255, 0, 0))
    show = easel.performance.run_state.show
    assert easel.performance.adopt(show.model_copy(update={"fps": 20.0}))
    easel.sent.clear()
    easel.until_at(0.5, 0.5, (255, 0, 0))


def test_drawn_lines_are_seen_over_another_source(play_show: PlayShow, tmp_path: Path) -> None:
    """The model `none` shows what it was given: the lines, dark on white."""
    start = {"lines/from": "drawn", "lines/amount": 1, **SHOW["start"]}
    easel = Easel(play_show, tmp_path, source="testcard", start=start)
    easel.draw()
    shown = easel.until_at(0.5, 0.5, (0, 0, 0))
    assert shown[4, 32].tolist() == [255, 255, 255]


@pytest.mark.parametrize("origin", ["edges", "both"])
def test_offline_the_scene_is_rendered_as_if_nobody_could_draw(tmp_path: Path, origin: str) -> None:
    def rendered(name: str, source: Any, **start: Any) -> list[str]:
        folder = tmp_path / name
        tree = SHOW | {
            "source": source,
            "sinks": [f"record:{folder}/"],
            "start": {"lines/amount": 1, **start},
        }
        messages: list[str] = []
        Rendering(check_show(tree, "here"), messages.append, 0.2).run()
        files = sorted(folder.glob("**/*.png"))
        assert len(files) == 5, messages
        return [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]

    alone = rendered("alone", "drawn:sketch")
    assert rendered("listed", ["draw", "drawn:sketch"], **{"lines/from": origin}) == alone
