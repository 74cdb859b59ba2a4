"""Makes the pictures of the README, of docs/pocket.md and of docs/coherence.md.

    python docs/pictures.py [first_show] [drawn] [pocket] [ride] [losses FILE]

losses draws the losses.jsonl that `python -m vj.pocket.training.train` left in its work folder. In
the others every cell is the last frame of a short offline run through the built-in model as it is.
The person is Eileen Collins (NASA, public domain), see docs/third-party.md; she is in no training
data.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

sys.path.insert(0, str(Path(__file__).parents[1]))

from vj.core.clock import FrameClock
from vj.core.frame import Frame, Size
from vj.core.metrics import Metrics
from vj.diffusion.built_in import BuiltIn, parsed_prompt
from vj.diffusion.drawn_model import DrawnModel
from vj.diffusion.model_spec import ModelSpec
from vj.diffusion.pocket_backend import PocketBackend
from vj.diffusion.pocket_model import load_pocket
from vj.parameters.store import Store
from vj.parameters.table import Value
from vj.pipeline.frame_pipeline import FramePipeline
from vj.pocket import FILE, WEIGHTS
from vj.pocket.lexicon import MODIFIERS, PALETTES
from vj.pocket.techniques import TECHNIQUES
from vj.pocket.training.subjects import prompt_for
from vj.sources import SourceSettings, make_source

ROOT = Path(__file__).parents[1]
IMAGES = Path(__file__).parent / "images"
PERSON = ROOT / "tests" / "pictures" / "astronaut.jpg"
FPS = 24
DARK, LIGHT = (18, 18, 20), (230, 230, 230)


def person(side: int) -> list[np.ndarray]:
    picture = np.asarray(Image.open(PERSON).convert("RGB"))
    return [cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)] * 3


def drawn(name: str, size: Size, second: float) -> list[np.ndarray]:
    """Successive frames of a scene that vj draws."""
    source = make_source(f"drawn:{name}", SourceSettings(FrameClock(FPS), FPS, size))
    source.open()
    frames = []
    for _ in range(round(second * FPS)):
        frame = source.read()
        assert frame is not None
        frames.append(frame.pixels)
    source.close()
    return frames[-6:]


def paint(model: BuiltIn, frames: Sequence[np.ndarray], **values: Value) -> np.ndarray:
    """The last of these (H, W, 3) uint8 frames, as a show with these start values paints it."""
    given = {name.replace("__", "/"): value for name, value in values.items()}
    store = Store({"feedback/amount": 0.1, "blend/smoothing": 0.4, "strength": 0.65, **given})
    size = Size(frames[0].shape[1], frames[0].shape[0])
    pipeline = FramePipeline(size, "crop", Metrics(), print)
    pipeline.swap(PocketBackend(model, size, wait=True))
    for number, pixels in enumerate(frames):
        shown = pipeline.process(Frame(pixels, number, number / FPS), store.sample(number / FPS))
    pipeline.close()
    return shown.pixels


def font(size: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)


def sheet(
    rows: Sequence[tuple[str, Sequence[np.ndarray]]], columns: Sequence[str], cell: int
) -> Image.Image:
    """Pictures in rows, the row's name beside it, the columns' names above."""
    side, top, gap = 130 if any(name for name, _ in rows) else 4, 34, 4
    width = side + len(columns) * (cell + gap)
    out = Image.new("RGB", (width, top + len(rows) * (cell + gap)), DARK)
    draw = ImageDraw.Draw(out)
    for number, name in enumerate(columns):
        place = (side + number * (cell + gap) + cell // 2, top // 2)
        draw.text(place, name, LIGHT, font(16), anchor="mm")
    for line, (name, pictures) in enumerate(rows):
        y = top + line * (cell + gap)
        words = name.replace(", ", ",\n")
        draw.text((side - 10, y + cell // 2), words, LIGHT, font(16), anchor="rm", align="right")
        for number, picture in enumerate(pictures):
            place = (side + number * (cell + gap), y)
            tile = Image.fromarray(picture).resize((cell, cell), Image.Resampling.LANCZOS)
            out.paste(tile, place)
    return out


def labelled(
    pictures: Sequence[np.ndarray], names: Sequence[str], columns: int, cell: int
) -> Image.Image:
    """Pictures in a grid, each with its name below."""
    height = cell + 26
    lines = -(-len(pictures) // columns)
    out = Image.new("RGB", (columns * (cell + 4), lines * height), DARK)
    draw = ImageDraw.Draw(out)
    for number, (picture, name) in enumerate(zip(pictures, names, strict=True)):
        x, y = number % columns * (cell + 4), number // columns * height
        tile = Image.fromarray(picture).resize((cell, cell), Image.Resampling.LANCZOS)
        out.paste(tile, (x, y))
        draw.text((x + cell // 2, y + cell + 12), name, LIGHT, font(14), anchor="mm")
    return out


def first_show() -> None:
    """The README's picture: a person and a drawn dancer, each as six prompts paint them."""
    model = DrawnModel()
    prompts = ("gold", "watercolour", "stained glass", "ink", "ice", "neon")
    rows = [
        ("", [frames[-1], *(paint(model, frames, prompt__a=text) for text in prompts)])
        for frames in (person(384), drawn("performer", Size(384, 384), 2.0))
    ]
    sheet(rows, ["input", *prompts], 230).save(IMAGES / "first_show.jpg", quality=86)


def techniques(model: BuiltIn) -> None:
    """A person in every technique, in their own colours where they have some."""
    texts = [*map(prompt_for, TECHNIQUES)]
    for name in ("gold", "chrome", "ice", "jade", "lava", "flames"):
        texts[list(TECHNIQUES).index(parsed_prompt(name).technique)] = name
    painted = [paint(model, person(320), prompt__a=text) for text in texts]
    path = IMAGES / f"{model.name}_techniques.jpg"
    labelled(painted, list(TECHNIQUES), 7, 190).save(path, quality=84)


def drawn_techniques() -> None:
    techniques(DrawnModel())


def pocket() -> None:
    """The network: every technique, palette and modifier, and prompts at rising strength."""
    frames = person(320)
    weights = WEIGHTS / FILE
    model = load_pocket(ModelSpec(), weights, torch.device("cpu"), torch.float32)
    techniques(model)
    for name, words, texts in (
        ("palettes", list(PALETTES), [prompt_for("oil", one) for one in PALETTES]),
        ("modifiers", list(MODIFIERS), [f"oil, deep ocean, {one}" for one in MODIFIERS]),
    ):
        painted = [paint(model, frames, prompt__a=text) for text in texts]
        labelled(painted, words, 7, 190).save(IMAGES / f"pocket_{name}.jpg", quality=84)
    strengths = (0.1, 0.3, 0.5, 0.7, 0.85, 1.0)
    rows = [
        (text, [paint(model, frames, prompt__a=text, strength=s) for s in strengths])
        for text in ("gold", "oil", "woodcut, blueprint", "mosaic", "lava")
    ]
    columns = [f"strength {strength}" for strength in strengths]
    sheet(rows, columns, 190).save(IMAGES / "pocket_strengths.jpg", quality=84)


def ride() -> None:
    """Somebody who walks, followed: the texture of noise that stands on the screen, and of noise
    that rides (docs/coherence.md)."""
    sys.path.insert(0, str(ROOT / "bench"))
    from coherence import FLOW, HELD, RIDES, model_of, repaint
    from moving_scenes import walk

    inputs, first, apart, side = walk(256).frames(26), 12, 2, 112
    with model_of("pocket") as model:
        pictures = {"input": inputs}
        for name, noise in (("noise/ride 0", HELD), ("noise/ride 1", RIDES)):
            start = {**FLOW, **noise}
            pictures[name] = repaint(model, inputs, start, 0.5, "molten gold, brush strokes")
    shown = range(first, len(inputs), apart)
    rows = [
        (name, [made[n][4 : 4 + side, 3 * n + 10 : 3 * n + 10 + side] for n in shown])
        for name, made in pictures.items()
    ]
    columns = [f"frame {n}" for n in shown]
    sheet(rows, columns, 170).save(IMAGES / "ride.jpg", quality=84)


def losses(path: Path) -> None:
    """The loss curve of a training."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    points = sorted({line["step"]: line["loss"] for line in lines}.items())
    width, height, edge = 640, 300, 46
    out = Image.new("RGB", (width, height), (255, 255, 255))
    draw = ImageDraw.Draw(out)
    last, low = points[-1][0], min(loss for _, loss in points)
    high = max(loss for _, loss in points)
    left, right, top, bottom = edge, width - 14, 30, height - edge
    curve = [
        (
            left + step / last * (right - left),
            bottom - (loss - low) / (high - low or 1) * (bottom - top),
        )
        for step, loss in points
    ]
    draw.rectangle((left, top, right, bottom), outline=(190, 190, 190))
    draw.line(curve, (200, 60, 20), 2)
    said = f"loss over {last} steps, {points[-1][1]:.3f} at the end"
    draw.text((left, 8), said, (0, 0, 0), font(14))
    draw.text((left - 6, top), f"{high:.2f}", (90, 90, 90), font(14), anchor="rt")
    draw.text((left - 6, bottom), f"{low:.2f}", (90, 90, 90), font(14), anchor="rb")
    draw.text((right, bottom + 6), str(last), (90, 90, 90), font(14), anchor="rt")
    out.save(IMAGES / "pocket_losses.png", optimize=True)


MAKERS = {"first_show": first_show, "drawn": drawn_techniques, "pocket": pocket, "ride": ride}


def main() -> None:
    names = sys.argv[1:] or list(MAKERS)
    if names[0] == "losses":
        losses(Path(names[1]))
        return
    for name in names:
        MAKERS[name]()


if __name__ == "__main__":
    main()
