"""Makes the pictures of docs/techniques.md: each technique as moments of a short offline run with
the built-in model.

python docs/strips.py [NAME ...]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from strip_rows import CALM, STRIPS, Row, row

from vj.app.offline import Rendering
from vj.show.load import check_show

IMAGES = Path(__file__).parent / "images" / "techniques"
CELL, CELLS, RATE = 150, 7, 12


def rendered(made: Row) -> list[np.ndarray]:
    """CELLS pictures, evenly spaced, (CELL, w, 3) uint8 RGB."""
    with tempfile.TemporaryDirectory() as folder:
        tree = dict(made.show)
        if "STILL" in tree["source"]:
            from vj.core.frame import Size
            from vj.sources.drawn import still

            cv2.imwrite(
                f"{folder}/still.png",
                cv2.cvtColor(still("puppet", Size(256, 256)), cv2.COLOR_RGB2BGR),
            )
            tree["source"] = f"image:{folder}/still.png"
        if any("macro/pedal" in str(curve) for curve in tree["curves"]):
            tree["macros"] = {
                "pedal": {
                    "drives": {
                        "strength": [0.3, 0.85],
                        "prompt/mix": [0, 1],
                        "feedback/zoom": [1, 1.03],
                    }
                }
            }
        more = {"start": {**CALM, **tree["start"]}, "sinks": f"record:{folder}/out/", "fps": RATE}
        show = check_show({"model": "drawn", **tree, **more}, "docs/strips.py")
        Rendering(show, lambda text: None, made.seconds, RATE).run()
        paths = sorted(Path(folder, "out").glob("*.png"))[round(made.begin * RATE) :]
        chosen = (
            paths[-CELLS:]
            if made.neighbours
            else [paths[round(step * (len(paths) - 1) / (CELLS - 1))] for step in range(CELLS)]
        )
        pictures = [cv2.imread(str(path)) for path in chosen]
    height = CELL
    return [
        cv2.resize(
            p, (round(p.shape[1] * height / p.shape[0]), height), interpolation=cv2.INTER_AREA
        )
        for p in pictures
        if p is not None
    ]


def upscaled() -> np.ndarray:
    """A part of a painted picture four times as large: bilinear, cubic, ours on a CPU, FSR."""
    from vj.core.frame import Size
    from vj.kernels.cv_upscale import CvUpscaler
    from vj.kernels.numpy_upscale import easu, rcas
    from vj.sources.drawn import still

    small = still("portrait", Size(256, 256))
    plain = [
        cv2.resize(small, (1024, 1024), interpolation=how)
        for how in (cv2.INTER_LINEAR, cv2.INTER_CUBIC)
    ]
    fsr = rcas((easu(small, 1024, 1024) * 255 + 0.5).astype(np.uint8), 0.8)
    large = [*plain, CvUpscaler(1024, 1024).upscale(small, 0.5), (fsr * 255 + 0.5).astype(np.uint8)]
    return np.hstack(
        [cv2.cvtColor(picture[300:560, 300:560], cv2.COLOR_RGB2BGR) for picture in large]
    )


def shaped() -> np.ndarray:
    """One moment at four shapes, each painted at its own size."""
    cells = [
        rendered(row(0.5, "drawn:drive", size=size, prompt__a="ice, brush strokes"))[-1]
        for size in ("16:9", "4:3", "square", "9:16")
    ]
    return np.hstack(cells)


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    special = {"upscaling": upscaled, "shapes": shaped}
    for name in sys.argv[1:] or [*STRIPS, *special]:
        strip = (
            special[name]()
            if name in special
            else np.vstack([np.hstack(rendered(made)) for made in STRIPS[name]])
        )
        path = IMAGES / f"{name}.jpg"
        cv2.imwrite(str(path), strip, [cv2.IMWRITE_JPEG_QUALITY, 84])
        print(
            path.relative_to(Path(__file__).parents[1]),
            f"{path.stat().st_size / 1e3:.0f} kB",
            flush=True,
        )


if __name__ == "__main__":
    main()
