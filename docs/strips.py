"""Makes the pictures of docs/techniques.md: each technique as moments of a short offline run with
the built-in model.

python docs/strips.py [NAME ...]
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from vj.app.offline import Rendering
from vj.show.load import check_show

IMAGES = Path(__file__).parent / "images" / "techniques"
CELL, CELLS, RATE = 150, 7, 12
BROAD = "384x256"
Start = Mapping[str, Any]
CALM: Start = {"feedback/amount": 0, "blend/smoothing": 0.3, "strength": 0.5}


@dataclass(frozen=True)
class Row:
    """One run. show: what a show file would say besides; its start is laid over CALM."""

    show: Mapping[str, Any]
    seconds: float = 4.0
    neighbours: bool = False
    """Show the last frames one by one, not moments of the whole."""
    begin: float = 0.0
    """Seconds before which nothing is shown."""


def row(
    seconds: float = 4.0,
    source: str = "drawn:kiss",
    curves: list[Any] | None = None,
    begin: float = 0.0,
    **more: Any,
) -> Row:
    """Parameters are written with __ for /; what is none goes into the show itself."""
    keys = ("size", "model", "slow", "sources")
    start = {name.replace("__", "/"): value for name, value in more.items() if name not in keys}
    show = {name: value for name, value in more.items() if name in keys}
    flickers = "slow" in show or start.get("noise/hold") == 0.0
    shown = {"source": source, **show, "curves": curves or [], "start": start}
    return Row(shown, seconds, flickers, begin)


def dancing(
    curves: list[Any] | None = None, seconds: float = 8.0, begin: float = 2.4, **more: Any
) -> Row:
    """The drawn dancer, from when they are there."""
    return row(seconds, "drawn:dancer", curves, begin, **{"size": "256x256", **more})


def ramp(
    to: str, low: float, high: float, seconds: float = 4.0, shape: str = "linear"
) -> dict[str, Any]:
    return {"to": to, "points": [["0:00", low], [f"0:{seconds:04.1f}", high, shape]]}


STRIPS: dict[str, list[Row]] = {
    "prompts": [
        row(
            prompt__a="molten gold, mosaic",
            prompt__b="deep ocean, feathers",
            curves=[ramp("prompt/mix", 0, 1)],
        )
    ],
    "seeds": [
        row(
            source="image:STILL",
            prompt__a="emerald, marble",
            seed__a=2,
            seed__b=9,
            curves=[ramp("seed/mix", 0, 1)],
        )
    ],
    "noise": [
        row(
            source="image:STILL",
            prompt__a="rust, smoke",
            strength=0.7,
            blend__smoothing=0,
            noise__hold=hold,
        )
        for hold in (1.0, 0.0)
    ],
    "strength": [
        row(
            prompt__a="rose, brush strokes",
            curves=[
                {"to": "strength", "points": [["0:00", 0], ["0:02", 0.8, "s-curve"], ["0:04", 0]]}
            ],
        )
    ],
    "beneath": [row(prompt__a="deep ocean, scales", curves=[ramp("mix/wet", 1, 0)])],
    "modes": [
        row(prompt__a="neon, circuit", mix__mode=mode, seconds=0.7)
        for mode in ("screen", "multiply", "difference")
    ],
    "feedback": [
        row(
            source="drawn:puppet",
            prompt__a="thermal, smoke",
            feedback__amount=0.75,
            feedback__zoom=1.04,
        ),
        row(
            source="drawn:puppet",
            prompt__a="thermal, smoke",
            feedback__amount=0.75,
            feedback__rotate=4.0,
        ),
    ],
    "flight": [
        row(
            source="drawn:harbour",
            prompt__a=words,
            strength=0.45,
            feedback__amount=0.75,
            feedback__dolly=0.04,
            feedback__yaw=yaw,
            feedback__pitch=pitch,
        )
        for words, yaw, pitch in (
            ("sunset, brush strokes", 1.2, 0.0),
            ("deep ocean, brush strokes", 0.0, -1.5),
        )
    ],
    "decks": [
        row(
            source="drawn:kiss",
            sources={"road": "drawn:drive"},
            prompt__a="rose, watercolour",
            prompt__b="neon, woodcut",
            deck__b="road",
            curves=[ramp("deck/mix", 0, 1), ramp("prompt/mix", 0, 1)],
            deck__mode=mode,
            deck__space=space,
        )
        for mode, space in (("luma", "picture"), ("clock", "picture"), ("normal", "flow"))
    ],
    "view": [
        row(
            source="drawn:dancer",
            seconds=6.0,
            begin=2.4,
            size=BROAD,
            prompt__a="jade, mosaic",
            curves=[ramp("input/rotate", 0, 60, 6)],
            input__mirror=mirror,
            input__zoom=zoom,
        )
        for mirror, zoom in (("halves", 1.5), ("kaleidoscope", 0.8))
    ],
    "blending": [
        row(
            0.8,
            "drawn:puppet",
            prompt__a="molten gold, smoke",
            noise__hold=0.0,
            blend__smoothing=smoothing,
        )
        for smoothing in (0.0, 0.8)
    ],
    "between": [row(2.6, "drawn:performer", prompt__a="sunset", slow=3, strength=0.35)],
    "walks": [
        row(
            6,
            "walk:drawn:meadow,drawn:harbour,drawn:portrait",
            prompt__a="brush strokes",
            strength=0.15,
            walk__leg=3.0,
            walk__ease=ease,
        )
        for ease in ("s-curve", "logit")
    ],
    "masks": [
        row(
            6,
            "drawn:performer",
            prompt__a="forest, stained glass",
            mask__mode="plate",
            mask__threshold=0.3,
        ),
        row(
            6,
            "drawn:performer",
            prompt__a="forest, stained glass",
            mask__mode="plate",
            mask__threshold=0.3,
            mask__invert=True,
        ),
        row(6, "drawn:green", prompt__a="sunset, woodcut", mask__mode="chroma"),
    ],
    "lines": [
        row(6, "drawn:performer", model="none", lines__amount=1.0),
        row(
            6, "drawn:performer", prompt__a="autumn, brush strokes", lines__amount=1.0, strength=0.6
        ),
    ],
    "styles": [
        dancing(
            [
                {
                    "to": "prompt/mix",
                    "points": [["0:02.4", 0], ["0:07.5", 1, "s-curve"]],
                }
            ],
            model="styles",
            prompt__a=one,
            prompt__b=two,
            strength=1.0,
        )
        for one, two in (("starry night", "crimson"), ("great wave", "crayon"))
    ],
    "picture": [
        dancing(
            [{"to": "image/mix", "points": [["0:02.4", 0], ["0:07.8", 1]]}],
            model="picture",
            strength=0.9,
        )
    ],
    "people": [
        dancing(
            model="styles",
            size=BROAD,
            prompt__a="twilight",
            strength=1.0,
            mask__mode="person",
            mask__feather=0.04,
            mask__invert=invert,
        )
        for invert in (False, True)
    ],
    "markers": [
        dancing(model="none", size=BROAD, lines__amount=1.0, lines__from=origin, lines__width=0.7)
        for origin in ("face", "body")
    ]
    + [
        dancing(
            size=BROAD,
            prompt__a="molten gold",
            strength=0.55,
            lines__amount=0.75,
            lines__from="face",
            lines__invert=True,
            lines__width=0.7,
            feedback__amount=0.6,
            feedback__zoom=1.03,
        )
    ],
    "dream": [
        row(
            8,
            "none",
            prompt__a="sunset, smoke",
            feedback__amount=0.9,
            feedback__zoom=1.03,
            strength=0.36,
            noise__hold=0.9,
        )
    ],
    "pedal": [
        row(
            source="drawn:crash",
            prompt__a="moonlight, soft",
            prompt__b="fire, crystal",
            curves=[ramp("macro/pedal", 0, 1, 4)],
        )
    ],
}


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
