"""Makes the pictures of docs/train.md in docs/images: what translators are given, how one became
better, and the page of its training.

    python docs/train_pictures.py MODEL_FOLDER [kinds] [better] [page]

MODEL_FOLDER: one that `launch.py train` has written, with its `training` folder, such as
models/fox. `kinds` needs the networks of `launch.py add person`, `page` Chromium.
"""

from __future__ import annotations

import io
import json
import sys
import threading
import time
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.browser import STAGES, Browser
from vj.commands.train_page import TrainingState
from vj.core.frame import Size
from vj.sources.drawn import make_scene
from vj.training.loop import Length
from vj.translator.best_model import Standing
from vj.translator.conditions import KINDS, Conditioner, ConditionSettings
from vj.translator.history import INPUT, TRUTH, History
from vj.translator.judge import Figures
from vj.translator.plan import TranslatorPlan
from vj.web.training_page import TrainingPage

FOLDER = Path(__file__).parent / "images"
SIDE, GAP, HEAD = 224, 6, 24
MOMENT = 2.6
"""Seconds into drawn:dancer, when face and body are turned to us."""
SHOWN = 5
"""Judgements of the picture of how it became better."""
QUALITY = 86


def sheet(columns: list[tuple[str, list[np.ndarray]]]) -> Image.Image:
    """Columns of pictures (H, W, 3) uint8, each under its name."""
    rows = len(columns[0][1])
    size = (len(columns) * (SIDE + GAP) - GAP, HEAD + rows * (SIDE + GAP) - GAP)
    made = Image.new("RGB", size, "white")
    draw, font = ImageDraw.Draw(made), ImageFont.load_default(15)
    for column, (name, pictures) in enumerate(columns):
        x = column * (SIDE + GAP)
        draw.text((x + 2, 2), name, fill="black", font=font)
        for row, picture in enumerate(pictures):
            small = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
            made.paste(Image.fromarray(small), (x, HEAD + row * (SIDE + GAP)))
    return made


def kinds(_: Path) -> None:
    """A frame of the dancer as each kind of translator sees it."""
    scene = make_scene("dancer", Size(512, 512))
    frames = [scene.draw(MOMENT - back / 30) for back in (8, 4, 0)]
    columns = [("the picture", [frames[-1]])]
    for kind in KINDS:
        if kind == "next":
            continue
        condition = Conditioner(kind, ConditionSettings()).of(frames[-1])
        pixels = np.rint(255 * condition).astype(np.uint8)
        columns.append((kind, [np.broadcast_to(pixels, frames[-1].shape).copy()]))
    half = (len(columns) + 1) // 2
    upper, lower = sheet(columns[:half]), sheet(columns[half:])
    whole = Image.new("RGB", (upper.width, 2 * upper.height + GAP), "white")
    whole.paste(upper, (0, 0))
    whole.paste(lower, (0, upper.height + GAP))
    whole.save(FOLDER / "train_kinds.jpg", quality=QUALITY)


def better(model: Path) -> None:
    """Held-out frames: given, true, and painted at some of the judgements."""
    history = History(model / "training" / "history")
    seconds = {row["step"]: row["seconds"] for row in judged(model)}
    steps = [step for step in history.steps() if step in seconds]
    last = seconds[steps[-1]]
    wanted = [last / 2**halved for halved in reversed(range(SHOWN))]
    some = [min(steps, key=lambda step: abs(seconds[step] - moment)) for moment in wanted]
    columns = [("it is given", cut(history.read(INPUT))), ("true", cut(history.read(TRUTH)))]
    for step in some:
        minutes, rest = divmod(round(seconds[step]), 60)
        columns.append((f"after {minutes}:{rest:02}", cut(history.read(str(step)))))
    sheet(columns).save(FOLDER / "train_better.jpg", quality=QUALITY)


def cut(strip: bytes | None) -> list[np.ndarray]:
    """Three of a strip's pictures."""
    assert strip is not None
    pixels = np.asarray(Image.open(io.BytesIO(strip)).convert("RGB"))
    side = pixels.shape[0]
    count = pixels.shape[1] // side
    return [pixels[:, n * side : (n + 1) * side] for n in (0, count // 2, count - 1)]


def judged(model: Path) -> list[dict[str, float]]:
    lines = (model / "training" / "judged.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def page(model: Path) -> None:
    """As it was at the last judgement."""
    fixed = json.loads((model / "training" / "settings.json").read_text(encoding="utf-8"))
    plan = TranslatorPlan(
        tuple(map(Path, fixed["clips"])), fixed["kind"], model, Length(), size=fixed["size"]
    )
    play = (
        f"python3 launch.py --model models/{model.name} --source camera:0 --size 256x256 "
        "--set strength=1"
    )
    state = TrainingState(plan, play, threading.Event())
    last = judged(model)[-1]
    figures = Figures(last["l1"], last["edges"], last["sharpness"])
    step, seconds = int(last["step"]), last["seconds"]
    left = max(0.0, 1800 - seconds)
    share = seconds / (seconds + left)
    state.show(Standing(step, seconds, left, share, 0.0, figures, figures, True))
    state.say(f"reading {', '.join(fixed['clips'])}")
    served = TrainingPage(state, ("127.0.0.1", 0), print)
    served.start()
    browser = Browser()
    try:
        shown = browser.page(STAGES["desk"]).open(served.url)
        shown.until(f"document.querySelectorAll('.strip button').length >= {SHOWN}")
        time.sleep(1)  # the bar has come to where it is
        picture = Image.open(io.BytesIO(shown.screenshot())).convert("RGB")
        picture.save(FOLDER / "train_page.jpg", quality=QUALITY)
    finally:
        browser.close()
        served.stop(0)


def main() -> None:
    folder, *asked = sys.argv[1:]
    for make in (kinds, better, page):
        if not asked or make.__name__ in asked:
            make(Path(folder))


if __name__ == "__main__":
    main()
