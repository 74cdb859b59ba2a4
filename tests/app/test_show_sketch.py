"""The show sketch: what is drawn comes back as a filled picture, paper stays paper, and the picture
can be taken back onto the canvas."""

from __future__ import annotations

import itertools
from pathlib import Path

import cv2
import numpy as np

from tests.app.test_drawing_in_a_show import Easel
from tests.conftest import PlayShow
from vj.commands.gallery import rendered

WIDTH, HIGH = 256, 192
ROOF = ((70, 90), (128, 40), (186, 90))
WALL = ((80, 90), (176, 90), (176, 165), (80, 165))
INK = (40, 36, 42)


def sheet(*outlines: tuple[tuple[int, int], ...], light: float = 1.0) -> np.ndarray:
    """Outlines on paper, under a lamp that is dimmer to the right."""
    picture = np.full((HIGH, WIDTH, 3), (246, 240, 228), np.float32)
    picture *= np.linspace(light, 0.85 * light, WIDTH)[None, :, None]
    for outline in outlines:
        points = np.array(outline, np.int32)[:, None]
        cv2.polylines(picture, [points], True, INK, 2, cv2.LINE_AA)
    return np.clip(picture, 0, 255).astype(np.uint8)


def painted(folder: Path, picture: np.ndarray, **more: object) -> np.ndarray:
    """What the show makes of a still sheet, settled."""
    path = folder / "sheet.png"
    cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    return rendered("sketch", {"source": f"image:{path}", **more}, 0.5, 8)[-1]


def inside(outline: tuple[tuple[int, int], ...]) -> np.ndarray:
    """Well within its lines."""
    mask = np.zeros((HIGH, WIDTH), np.uint8)
    cv2.fillPoly(mask, [np.array(outline, np.int32)[:, None]], 255)
    return cv2.erode(mask, np.ones((9, 9), np.uint8)) > 0


def off_paper(picture: np.ndarray, blank: np.ndarray) -> np.ndarray:
    """(H, W): how far each pixel's colour is from that of paper that nothing is drawn on."""
    paper = np.median(blank.reshape(-1, 3), axis=0)
    soft = cv2.GaussianBlur(picture, (0, 0), 2).astype(np.float32)
    return np.asarray(np.abs(soft - paper).max(axis=2))


def test_what_is_enclosed_is_filled_and_no_longer_lines_on_paper(tmp_path: Path) -> None:
    blank = painted(tmp_path, sheet())
    made = painted(tmp_path, sheet(ROOF, WALL))
    far = off_paper(made, blank)
    filled = far > 25
    roof, wall = inside(ROOF), inside(WALL)
    assert filled[roof].mean() > 0.8
    assert filled[wall].mean() > 0.6
    around = cv2.dilate((roof | wall).astype(np.uint8), np.ones((45, 45), np.uint8)) == 0
    assert filled[around].mean() < 0.1, "the sheet beside it is still paper"
    hue = made[roof].astype(float).mean(0) - made[wall].astype(float).mean(0)
    assert np.abs(hue).max() > 20, "a roof is of another colour than a wall"


def test_a_sheet_without_lines_stays_paper_and_is_calm_in_any_light(tmp_path: Path) -> None:
    for light in (1.0, 0.7):
        blank = painted(tmp_path, sheet(light=light))
        assert blank.astype(float).std(axis=(0, 1)).max() < 10
        assert blank.min(axis=2).mean() > 190, "light"
    still = rendered("sketch", {"source": f"image:{tmp_path}/sheet.png"}, 1, 8)
    moved = [float(cv2.absdiff(a, b).mean()) for a, b in itertools.pairwise(still[4:])]
    assert max(moved) < 1


def test_a_half_drawn_house_is_a_house_already(tmp_path: Path) -> None:
    """Without its right side and half of its ground line."""
    half = sheet(ROOF)
    for a, b in (((80, 90), (80, 165)), ((80, 165), (130, 165))):
        cv2.line(half, a, b, INK, 2, cv2.LINE_AA)
    blank = painted(tmp_path, sheet())
    left = np.zeros((HIGH, WIDTH), bool)
    left[100:155, 88:120] = True
    assert (off_paper(painted(tmp_path, half), blank)[left] > 20).mean() > 0.5


def test_the_scene_that_draws_itself_is_a_house_and_a_green_tree_up_to_the_corners() -> None:
    made = rendered("sketch", {}, 4.6, 4)[-1].astype(int)

    def at(x: float, y: float) -> np.ndarray:
        """Of a square whose middle is so far from that of the sheet, in heights."""
        left, top = WIDTH // 2 + round(x * HIGH) - 6, HIGH // 2 + round(y * HIGH) - 6
        return np.asarray(made[top : top + 12, left : left + 12].mean((0, 1)))

    (red, green, blue), roof = at(0.35, -0.09), at(-0.16, -0.03)
    assert green > red + 15
    assert green > blue + 15
    assert roof[0] > roof[1:].max() + 60
    for side in (-0.62, 0.62):
        sky, grass = at(side, -0.4), at(side, 0.45)
        assert sky[2] > sky[0] + 20
        assert grass[1] > grass[2] + 40


def test_what_is_painted_is_taken_back_onto_the_canvas(play_show: PlayShow, tmp_path: Path) -> None:
    easel = Easel(play_show, tmp_path, source="draw", model="none")
    easel.draw()
    easel.until_at(0.5, 0.5, (255, 0, 0))
    store, canvas = easel.performance.store, easel.canvas
    store.set("picture/hue", 120.0)

    def middle(picture: np.ndarray) -> np.ndarray:
        return picture[picture.shape[0] // 2, picture.shape[1] // 2].astype(int)

    easel.playing.until(lambda: middle(easel.sent[-1].pixels)[0] < 100)
    made = middle(easel.sent[-1].pixels)
    store.set("canvas/take", True)
    easel.playing.until(lambda: not canvas.drawing.cover.any())
    assert np.abs(middle(canvas.drawing.picture) - made).max() < 30, "green, and no longer red"
    assert not canvas.drawing.blank
