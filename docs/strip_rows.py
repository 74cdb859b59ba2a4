"""What the pictures of docs/techniques.md show: for each technique the runs of which `strips.py`
takes moments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
        for mirror, zoom in (("left", 1.5), ("kaleidoscope", 0.8))
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
            walk__way=way,
        )
        for way in ("latent", "morph")
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
    "portrait": [
        row(5.6, "drawn:speaker", begin=2.7, size="256x256", **more)
        for more in (
            {"model": "none"},
            {"model": "none", "portrait__amount": 1.0},
            {"prompt__a": "oil painting", "strength": 0.5, "portrait__amount": 1.0}
            | {"portrait__picture": "portrait", "portrait__expression": 1.4},
        )
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
