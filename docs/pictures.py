"""Makes the pictures of the README and the docs, from footage that the project draws itself.

    python docs/pictures.py [first_show] [gallery] [losses]

losses draws what `python -m vj.pocket.train` left in pocket-training/. In the others every cell is one frame of a short offline run:
the same frames, at the same time of the scene, through the built-in model as it is.
"""

from __future__ import annotations

import json
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
from vj.pocket.vocabulary import MODIFIERS, PALETTES, PATTERNS
from vj.sources.testcard import Scene

LOSSES = Path(__file__).parents[1] / "pocket-training" / "losses.jsonl"
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
    for prompt in ("molten gold", "deep ocean, brush strokes", "fire, stained glass", "neon, circuit"):
        painted = [paint(model, {"prompt/a": prompt, "strength": strength}, frames) for strength in strengths]
        rows.append((prompt, [frames[-1], *painted]))
    IMAGES.mkdir(exist_ok=True)
    sheet(rows, ["input", *(f"strength {strength}" for strength in strengths)]).save(IMAGES / "first_show.jpg", quality=85)


def gallery() -> None:
    """Every palette, technique and modifier of the built-in model, and prompts at rising strength, on the test card."""
    model = load_model(ModelSpec())
    scene = Scene(SIZE, FPS)
    frames = [scene.draw(number) for number in range(96 - LEAD, 97)]
    for name, words, before in (
        ("palettes", list(PALETTES), ""),
        ("techniques", list(PATTERNS), "molten gold, "),
        ("modifiers", list(MODIFIERS), "deep ocean, "),
    ):
        painted = [paint(model, {"prompt/a": before + word, "strength": 0.6}, frames) for word in words]
        labelled(painted, words).save(IMAGES / f"pocket_{name}.jpg", quality=85)
    strengths = (0.1, 0.2, 0.4, 0.6, 0.8, 1.0)
    prompts = ("molten gold", "neon, stained glass", "ink, woodcut", "emerald, scales", "aurora, brush strokes")
    rows = [(text, [paint(model, {"prompt/a": text, "strength": strength}, frames) for strength in strengths]) for text in prompts]
    sheet(rows, [f"strength {strength}" for strength in strengths], 200).save(IMAGES / "pocket_strengths.jpg", quality=85)


def labelled(pictures: Sequence[np.ndarray], names: Sequence[str], columns: int = 7, cell: int = 180) -> Image.Image:
    """Pictures in a grid, each with its name below."""
    height = cell + 26
    out = Image.new("RGB", (columns * (cell + 4), -(-len(pictures) // columns) * height), (18, 18, 20))
    draw = ImageDraw.Draw(out)
    for number, (picture, name) in enumerate(zip(pictures, names, strict=True)):
        x, y = number % columns * (cell + 4), number // columns * height
        out.paste(Image.fromarray(picture).resize((cell, cell), Image.Resampling.LANCZOS), (x, y))
        draw.text((x + cell // 2, y + cell + 12), name, (230, 230, 230), ImageFont.load_default(15), anchor="mm")
    return out


def losses() -> None:
    """The loss curves of the last training, one panel a stage."""
    lines = [json.loads(line) for line in LOSSES.read_text(encoding="utf-8").splitlines()]
    width, height, edge = 560, 300, 46
    stages = list(dict.fromkeys(line["stage"] for line in lines))
    out = Image.new("RGB", (width * len(stages), height), (255, 255, 255))
    draw = ImageDraw.Draw(out)
    font = ImageFont.load_default(14)
    for panel, stage in enumerate(stages):
        points = sorted({line["step"]: line["loss"] for line in lines if line["stage"] == stage}.items())
        last, low, high = points[-1][0], min(loss for _, loss in points), sorted(loss for _, loss in points)[int(0.97 * len(points))]
        left, right, top, bottom = panel * width + edge, (panel + 1) * width - 14, 30, height - edge
        curve = [
            (left + step / last * (right - left), bottom - min(1, (loss - low) / (high - low or 1)) * (bottom - top))
            for step, loss in points
        ]
        draw.rectangle((left, top, right, bottom), outline=(190, 190, 190))
        draw.line(curve, (200, 60, 20), 2)
        draw.text((left, 8), f"{stage}: loss over {last} steps, {points[-1][1]:.3f} at the end", (0, 0, 0), font)
        draw.text((left - 6, top), f"{high:.2f}", (90, 90, 90), font, anchor="rt")
        draw.text((left - 6, bottom), f"{low:.2f}", (90, 90, 90), font, anchor="rb")
        draw.text((right, bottom + 6), str(last), (90, 90, 90), font, anchor="rt")
    out.save(IMAGES / "pocket_losses.png", optimize=True)


MAKERS: dict[str, Callable[[], None]] = {"first_show": first_show, "gallery": gallery, "losses": losses}


def main() -> None:
    for name in sys.argv[1:] or ("first_show", "gallery"):
        MAKERS[name]()


if __name__ == "__main__":
    main()
