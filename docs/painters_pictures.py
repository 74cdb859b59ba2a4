"""Makes the pictures of docs/painters.md, and measures how well people survive the styles.

    python docs/painters_pictures.py [styles] [mixes] [strengths]
    python docs/painters_pictures.py sheet PICTURE_OR_CLIP OUT.jpg [WIDTHxHEIGHT]
    python docs/painters_pictures.py figures CLIP ...

sheet: all styles of one picture, or of the middle of a clip, to be looked at. figures: what
`Style.outline` in vj/painters/styles.py says, over clips that show a person each; that needs
`launch.py add person` too. The person in the pictures is Eileen Collins (NASA, public domain), see
docs/third-party.md.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))

from pictures import FPS, IMAGES, PERSON, labelled, sheet

from vj.core.frame import Frame, Size
from vj.core.metrics import Metrics
from vj.painters.networks import StylesNetwork
from vj.painters.styles import STYLES
from vj.painters.styles_backend import StylesBackend
from vj.parameters.store import Store
from vj.parameters.table import Value
from vj.pipeline.frame_pipeline import FramePipeline
from vj.pipeline.selfie_segmentation import SelfieSegmentation

SIZES = (Size(256, 256), Size(512, 288))
"""In which figures are looked at."""
MOMENTS = (1 / 6, 1 / 2)
"""Of a clip's length, of which frames are looked at."""
EDGE = 1.5 / 256
"""Of the height: how finely tones are looked at, as the sigma of a Gaussian."""


def fitted(picture: np.ndarray, size: Size) -> np.ndarray:
    """Cropped to the middle and scaled."""
    height, width = picture.shape[:2]
    scale = max(size.width / width, size.height / height)
    whole = (max(size.width, round(width * scale)), max(size.height, round(height * scale)))
    large = cv2.resize(picture, whole, interpolation=cv2.INTER_AREA)
    top, left = (whole[1] - size.height) // 2, (whole[0] - size.width) // 2
    return large[top : top + size.height, left : left + size.width]


def frames_of(path: Path, moments: Sequence[float]) -> list[np.ndarray]:
    """A picture, or frames of a clip."""
    if path.suffix.lower() in (".jpg", ".jpeg", ".png", ".webp"):
        return [np.asarray(Image.open(path).convert("RGB"))]
    clip = cv2.VideoCapture(str(path))
    read: list[np.ndarray] = []
    while (got := clip.read())[0]:
        read.append(cv2.cvtColor(got[1], cv2.COLOR_BGR2RGB))
    return [read[int(len(read) * moment)] for moment in moments]


def paint(network: StylesNetwork, picture: np.ndarray, start: Mapping[str, Value]) -> np.ndarray:
    """The third of three frames of a picture that stands, as a show would paint it."""
    size = Size(picture.shape[1], picture.shape[0])
    store = Store({"strength": 1.0, "feedback/amount": 0.0, "blend/smoothing": 0.0, **start})
    pipeline = FramePipeline(size, "crop", Metrics(), print)
    pipeline.swap(StylesBackend(network, size, wait=True))
    for number in range(3):
        frame = Frame(picture, number, number / FPS)
        shown = pipeline.process(frame, store.sample(number / FPS))
    pipeline.close()
    return shown.pixels


def all_styles(network: StylesNetwork, picture: np.ndarray, cell: int, path: Path) -> None:
    """All of them, with number and name."""
    painted = [paint(network, picture, {"prompt/a": style.name}) for style in STYLES]
    names = [f"{number} {style.name}" for number, style in enumerate(STYLES)]
    labelled([picture, *painted], ["the input", *names], 7, cell).save(path, quality=84)


def styles(network: StylesNetwork) -> None:
    """A person in every style."""
    all_styles(network, fitted(frames_of(PERSON, [0])[0], SIZES[0]), 190, docs_image("styles"))


def mixes(network: StylesNetwork) -> None:
    """Ways from one style to another, by prompt/mix."""
    shares = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    picture = fitted(frames_of(PERSON, [0])[0], SIZES[0])
    rows = []
    for one, other in (("ink", "pastel"), ("starry night", "crimson"), ("woodcut", "pop art")):
        texts: dict[str, Value] = {"prompt/a": one, "prompt/b": other}
        painted = [paint(network, picture, texts | {"prompt/mix": share}) for share in shares]
        rows.append((f"{one}, {other}", painted))
    columns = [f"prompt/mix {share:g}" for share in shares]
    sheet(rows, columns, 190).save(docs_image("mixes"), quality=84)


def strengths(network: StylesNetwork) -> None:
    """From the input to the full style, and past it."""
    steps: list[tuple[str, dict[str, Value]]] = [
        (f"strength {strength:g}", {"strength": strength})
        for strength in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    steps.append(("and feedback .5", {"strength": 1.0, "feedback/amount": 0.5}))
    picture = fitted(frames_of(PERSON, [0])[0], SIZES[0])
    rows = [
        (name, [paint(network, picture, {"prompt/a": name, **values}) for _, values in steps])
        for name in ("oil", "starry night", "great wave", "ink")
    ]
    sheet(rows, [name for name, _ in steps], 190).save(docs_image("strengths"), quality=84)


def docs_image(name: str) -> Path:
    return IMAGES / f"painters_{name}.jpg"


def steepness(picture: np.ndarray) -> np.ndarray:
    """How steeply the lightness changes, (H, W) float32."""
    light = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB)[..., 0].astype(np.float32)
    soft = cv2.GaussianBlur(light, (0, 0), EDGE * picture.shape[0])
    return np.hypot(cv2.Scharr(soft, -1, 1, 0), cv2.Scharr(soft, -1, 0, 1))


def figures(network: StylesNetwork, clips: Sequence[Path]) -> None:
    """Print for each style how much steeper tones change along people's outlines than elsewhere,
    and how the changes inside them correlate with the input's."""
    finder, outline, inside = SelfieSegmentation(), np.zeros(len(STYLES)), np.zeros(len(STYLES))
    count = 0
    for clip in clips:
        for size in SIZES:
            for frame in frames_of(clip, MOMENTS):
                picture = fitted(frame, size)
                found = cv2.resize(finder.find(picture), (size.width, size.height)) > 0.5
                person, wide = found.astype(np.uint8), np.ones((5, 5), np.uint8)
                along = cv2.dilate(person, wide) > cv2.erode(person, wide)
                given = steepness(picture)
                for number in range(len(STYLES)):
                    weights = np.eye(len(STYLES), dtype=np.float32)[number]
                    made = cv2.convertScaleAbs(network.paint(picture, weights), alpha=255)
                    steep = steepness(made)
                    outline[number] += steep[along].mean() / steep[~along].mean()
                    inside[number] += np.corrcoef(given[found], steep[found])[0, 1]
                count += 1
    print("number name             outline inside")
    for number, style in enumerate(STYLES):
        means = f"{outline[number] / count:7.1f} {inside[number] / count:6.2f}"
        print(f"{number:6} {style.name:16} {means}{'  swallowed' if style.swallows else ''}")


def main() -> None:
    names = sys.argv[1:] or ["styles", "mixes", "strengths"]
    network = StylesNetwork()
    if names[0] == "figures":
        figures(network, [Path(name) for name in names[1:]])
    elif names[0] == "sheet":
        size = Size(*map(int, names[3].split("x"))) if len(names) > 3 else SIZES[1]
        picture = fitted(frames_of(Path(names[1]), [0.5])[0], size)
        all_styles(network, picture, size.width, Path(names[2]))
    else:
        for name in names:
            {"styles": styles, "mixes": mixes, "strengths": strengths}[name](network)


if __name__ == "__main__":
    main()
