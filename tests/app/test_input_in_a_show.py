"""The input's own frame in a show that is rendered: what is painted, masked and upscaled is what is
looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tests.fetched import needs
from vj.app.offline import Rendering
from vj.core.frame import Size
from vj.pipeline.input_view import View, viewed
from vj.pipeline.landmarks.heads import FILES, HeadFinder
from vj.show.load import check_show
from vj.sources.image import read_picture

ASTRONAUT = Path(__file__).parents[1] / "pictures" / "astronaut.jpg"
CALM = {"feedback/amount": 0, "blend/smoothing": 0}
LOOK = {"input/mirror": "across", "input/zoom": 1.8, "input/x": 0.2, "input/y": -0.3}


def rendered(folder: Path, start: dict[str, Any], seconds: float = 0.1, **more: Any) -> list[Any]:
    """(H, W, 3) uint8 RGB, ten a second."""
    tree = {
        "source": str(ASTRONAUT),
        "model": "none",
        "size": "96x96",
        "fps": 10,
        "start": {**CALM, **start},
        "sinks": [f"record:{folder}/"],
        **more,
    }
    Rendering(check_show(tree, "here"), print, seconds).run()
    return [read_picture(path, "film")[..., :3] for path in sorted(folder.glob("**/*.png"))]


def apart(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(int) - other).mean())


def looked_at(size: Size) -> np.ndarray:
    view = View("across", 1.8, 0.0, 0.2, -0.3)
    return viewed(read_picture(ASTRONAUT, "test"), size, "crop", view)


def test_a_show_shows_what_is_looked_at(tmp_path: Path) -> None:
    assert np.array_equal(rendered(tmp_path, LOOK)[0], looked_at(Size(96, 96)))


def test_its_edges_lead_the_upscaling(tmp_path: Path) -> None:
    large = rendered(tmp_path / "led", LOOK, output="288x288")[0]
    truth = looked_at(Size(288, 288))
    plain = cv2.resize(looked_at(Size(96, 96)), (288, 288), interpolation=cv2.INTER_CUBIC)
    assert apart(large, truth) < 0.75 * apart(plain, truth)


def test_masks_find_what_is_looked_at(tmp_path: Path) -> None:
    """Of white beside black, mirrored, the white is on the other side, and stays unpainted."""
    halves = np.zeros((60, 60, 3), np.uint8)
    halves[:, :30] = 255
    cv2.imwrite(str(tmp_path / "halves.png"), halves)
    start = {"input/mirror": "across", "mask/mode": "luma", "mask/feather": 0, "picture/hue": 0}
    mask = {"to": f"record:{tmp_path}/mask/", "show": "mask"}
    source = str(tmp_path / "halves.png")
    seen = rendered(tmp_path / "mask", start, source=source, sinks=[mask])[0]
    assert seen[:, 60:].max() == 0
    assert seen[:, :36].min() == 255


@needs(*FILES)
def test_a_head_is_kept_in_the_picture_and_the_same_bytes_come_twice(tmp_path: Path) -> None:
    start = {"input/follow": "head"}
    films = [rendered(tmp_path / name, start, 0.4) for name in ("one", "two")]
    for one, two in zip(*films, strict=True):
        assert np.array_equal(one, two)
    before = HeadFinder().find(rendered(tmp_path / "plain", {})[0], 0.0)
    after = HeadFinder().find(films[0][-1], 0.0)
    assert before is not None
    assert after is not None
    assert abs(after.x - 0.5) < 0.1 < abs(before.y - 0.5)
    assert 0.3 < after.y < 0.5, before.y
