"""Makes the pictures of the README and the docs, from footage that the project draws itself.

    python docs/pictures.py [first_show]

Every cell is one frame of a short offline run: the same frames, at the same time of the scene, through the built-in model as it is.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

sys.path.insert(0, str(Path(__file__).parents[1]))

from vj.engine.checkpoints import ModelSpec
from vj.engine.journey import Journey
from vj.engine.models import Model, load_model
from vj.engine.painters import StreamPainter
from vj.frame import Frame, Size
from vj.metrics import Metrics
from vj.parameters.store import Store
from vj.parameters.table import Value
from vj.sources.testcard import Scene

IMAGES = Path(__file__).parent / "images"
SIZE = Size(256, 256)
FPS = 30
LEAD = 8
"""Frames rendered before the one that is shown, so that feedback has settled."""


def paint(model: Model, values: dict[str, Value], frames: Sequence[np.ndarray], size: Size = SIZE) -> np.ndarray:
    """The last of these (H, W, 3) uint8 frames, as a show with these start values paints it."""
    store = Store({"feedback/amount": 0.15, "blend/smoothing": 0.5, **values})
    journey = Journey(size, "crop", Metrics(), print)
    journey.swap(StreamPainter(model, size, wait=True))
    for number, pixels in enumerate(frames):
        shown = journey.travel(Frame(pixels, number, number / FPS), store.sample(number / FPS))
    return shown.picture


def sheet(rows: Sequence[tuple[str, Sequence[np.ndarray]]], columns: Sequence[str], cell: int = 220) -> Image.Image:
    """Pictures in rows, the row's name beside it, the columns' names above."""
    side, top, gap = 150, 34, 4
    out = Image.new("RGB", (side + len(columns) * (cell + gap), top + len(rows) * (cell + gap)), (18, 18, 20))
    draw = ImageDraw.Draw(out)
    font = ImageFont.load_default(17)
    for number, name in enumerate(columns):
        draw.text((side + number * (cell + gap) + cell // 2, top // 2), name, (230, 230, 230), font, anchor="mm")
    for line, (name, pictures) in enumerate(rows):
        y = top + line * (cell + gap)
        draw.text((side - 12, y + cell // 2), name.replace(", ", ",\n"), (230, 230, 230), font, anchor="rm", align="right")
        for number, picture in enumerate(pictures):
            out.paste(Image.fromarray(picture).resize((cell, cell), Image.Resampling.LANCZOS), (side + number * (cell + gap), y))
    return out


def first_show() -> None:
    """The README's picture: the test card at rising strength."""
    model = load_model(ModelSpec())
    scene = Scene(SIZE, FPS)
    frames = [scene.draw(number) for number in range(96 - LEAD, 97)]
    strengths = (0.2, 0.4, 0.6, 0.8)
    rows = []
    for prompt in ("molten gold", "deep ocean", "fire", "neon"):
        painted = [paint(model, {"prompt/a": prompt, "strength": strength}, frames) for strength in strengths]
        rows.append((prompt, [frames[-1], *painted]))
    IMAGES.mkdir(exist_ok=True)
    sheet(rows, ["input", *(f"strength {strength}" for strength in strengths)]).save(IMAGES / "first_show.jpg", quality=85)


MAKERS: dict[str, Callable[[], None]] = {"first_show": first_show}


def main() -> None:
    for name in sys.argv[1:] or MAKERS:
        MAKERS[name]()


if __name__ == "__main__":
    main()
