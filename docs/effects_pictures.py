"""Makes the picture of docs/effects.md.

    python docs/effects_pictures.py

Every cell is the last frame of a short show, rendered as a performer would render it.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from pictures import IMAGES, sheet

from vj.app.offline import Rendering
from vj.show.effects_section import shipped
from vj.show.load import check_show

SIDE = 256
START = {
    "strength": 0.6,
    "feedback/amount": 0.1,
    "effects/rgb_trails/delay": 0.16,
    "effects/kaleidoscope/turn": 100,
    "effects/kaleidoscope/y": 0.3,
}
ROWS: dict[str, dict[str, Any]] = {
    "the input": {"source": "drawn:dancer", "model": "none"},
    "painted": {
        "source": "drawn:dancer",
        "model": "pocket",
        "start": {"prompt/a": "a dancer, stained glass"},
    },
}
SECONDS = {"": 2.5, "rgb_trails": 2.3, "slit_scan": 2.6, "kaleidoscope": 2.5}
"""When the last frame is."""


def cell(effect: str, start: dict[str, Any], **show: Any) -> np.ndarray:
    """The last frame, (SIDE, SIDE, 3) uint8 RGB."""
    other = [f"effects/{name}/" for name in shipped() if name != effect]
    known = {name: value for name, value in START.items() if not name.startswith(tuple(other))}
    with tempfile.TemporaryDirectory() as folder:
        tree = {"size": f"{SIDE}x{SIDE}", "sinks": f"record:{folder}/", "fps": 24, **show}
        tree |= {"effects": [effect] if effect else [], "start": known | start}
        Rendering(check_show(tree, "here"), print, SECONDS[effect]).run()
        last = cv2.imread(str(max(Path(folder).glob("*.png"))))
    assert last is not None
    return last[..., ::-1]


def main() -> None:
    names = ["", *shipped()]
    rows = [
        (row, [cell(name, **{"start": {}, **show}) for name in names]) for row, show in ROWS.items()
    ]
    titles = ["without", *names[1:]]
    sheet(rows, titles, 200).save(IMAGES / "effects.jpg", quality=88)


if __name__ == "__main__":
    main()
