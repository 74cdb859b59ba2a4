"""Where the faces of drawn pictures are in which no network finds one: places by the names that
`vj.pipeline.portraits.anchors` has, in the picture's units (`vj.sources.drawn.cutout.Stage`)."""

from __future__ import annotations

from vj.sources.drawn.canvas import Point

Anchors = dict[str, list[Point]]

PORTRAIT: Anchors = {
    "left eye": [(-0.136, -0.03), (-0.105, -0.046), (-0.074, -0.028), (-0.105, -0.015)],
    "right eye": [(0.062, -0.03), (0.025, -0.047), (-0.012, -0.03), (0.025, -0.015)],
    "left brow": [(-0.141, -0.07), (-0.105, -0.085), (-0.07, -0.07)],
    "right brow": [(0.07, -0.07), (0.025, -0.085), (-0.016, -0.072)],
    "nose": [(-0.074, 0.06)],
    "mouth": [(-0.108, 0.123), (-0.062, 0.112), (-0.005, 0.122), (-0.062, 0.145)],
    "lips": [(-0.06, 0.127)],
    "chin": [(-0.03, 0.195)],
    "forehead": [(-0.02, -0.18)],
    "left cheek": [(-0.165, 0.0)],
    "right cheek": [(0.14, 0.0)],
    "left jaw": [(-0.118, 0.12)],
    "right jaw": [(0.1, 0.12)],
}


def fox_anchors(x: float, y: float, eyes: float) -> Anchors:
    """Of the fox that looks ahead and does nothing. x, y: of the middle between its eyes, eyes:
    their distance."""
    half: Anchors = {
        "eye": [(0.76, 0.02), (0.5, -0.29), (0.24, 0.02), (0.5, 0.29)],
        "brow": [(0.8, -0.4), (0.55, -0.53), (0.26, -0.44)],
        "cheek": [(1.25, 0.42)],
        "jaw": [(0.62, 1.06)],
    }
    own: Anchors = {
        "nose": [(0.0, 0.5)],
        "mouth": [(-0.34, 0.87), (0.0, 0.86), (0.34, 0.87), (0.0, 1.02)],
        "lips": [(0.0, 0.94)],
        "chin": [(0.0, 1.22)],
        "forehead": [(0.0, -0.84)],
    }
    for name, places in half.items():
        own[f"right {name}"] = places
        own[f"left {name}"] = [(-along, down) for along, down in places]
    return {
        name: [(x + eyes * along, y + eyes * down) for along, down in places]
        for name, places in own.items()
    }
