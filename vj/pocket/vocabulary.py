"""The words the built-in model knows: palettes, techniques, modifiers, and captions made of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Five sRGB stops each, from the darkest luma to the brightest. Luma rises along every ramp, so that faces and
# silhouettes stay readable whatever the colours.
PALETTES: dict[str, tuple[tuple[str, ...], tuple[str, str, str, str, str]]] = {
    "molten gold": (("gold", "golden", "molten gold", "honey"), ("1c0d02", "6b3a06", "c98412", "ffc933", "fff7c4")),
    "deep ocean": (("ocean", "sea", "deep ocean", "underwater"), ("01081f", "052f6e", "0b6fb8", "2fc3d8", "d2fbff")),
    "fire": (("fire", "flames", "lava", "burning"), ("0d0202", "6e0a04", "dd2f08", "ff9214", "fff0a0")),
    "neon": (("neon", "cyberpunk", "electric"), ("0a0020", "4a0a9e", "e01fc4", "2ee6ff", "f4ffe8")),
    "ice": (("ice", "frozen", "snow", "glacier"), ("0f2233", "4a7f9f", "98c9dd", "d6eff7", "ffffff")),
    "forest": (("forest", "jungle", "moss", "leaves"), ("06120a", "123f1d", "2f7f35", "86bb4c", "ecf5b5")),
    "ink": (("ink", "charcoal", "monochrome", "graphite"), ("050505", "303030", "777777", "c2c2c2", "fafafa")),
    "rust": (("rust", "copper", "sepia"), ("140a06", "4d2413", "94502c", "cc9468", "f3e2c8")),
    "candy": (("candy", "pastel", "bubblegum"), ("5a2a6e", "d1589e", "ff9fc0", "ffd2c9", "fffbe6")),
    "moonlight": (("moonlight", "midnight", "night"), ("04050f", "151c3d", "38477f", "7f8fc4", "dfe6ff")),
    "thermal": (("thermal", "infrared", "heat"), ("08003a", "6a00a8", "e0284e", "ffa408", "ffff9e")),
    "blueprint": (("blueprint", "cyanotype"), ("04205c", "0b3f9c", "2163cc", "6fa3ee", "f2f8ff")),
}
"""Name -> (the words that call it, its ramp)."""

PATTERNS: dict[str, tuple[str, ...]] = {
    "brush": ("brush strokes", "oil painting", "painterly", "impasto"),
    "halftone": ("halftone", "comic dots", "newsprint"),
    "mosaic": ("mosaic", "tiles", "tesserae"),
    "woodcut": ("woodcut", "engraving", "linocut"),
    "contour": ("contour lines", "topographic", "isolines"),
    "marble": ("marble", "liquid", "swirls"),
}
"""Technique -> the words that call it. Without one the picture keeps a light grain of the seed's noise."""

MODIFIERS: dict[str, tuple[str, ...]] = {"dark": ("dark", "gloomy", "shadow"), "bright": ("bright", "luminous", "sunlit")}

FILLER = (  # noqa: SIM905
    "a an the of and in with on at like made from into very some picture photo portrait person man woman face faces two people "
    "dancer body hand city street car crash house room table sky cloud tree flower animal cat dog horse bird calm wild slow fast "
    "beautiful strange old new big small detailed abstract style art cinematic moving light texture surface world dream music "
    "stage crowd smile eyes hair walking running standing"
).split()
"""Words that mean nothing to the model. It has seen them, so that they do no harm."""


def words() -> list[str]:
    """Every single word of the vocabulary and the filler, for the tokenizer, in a fixed order."""
    phrases = [p for names, _ in PALETTES.values() for p in names]
    phrases += [p for names in PATTERNS.values() for p in names] + [p for names in MODIFIERS.values() for p in names]
    return list(dict.fromkeys(w for p in phrases for w in p.split())) + [w for w in FILLER if w not in " ".join(phrases).split()]


@dataclass(frozen=True, slots=True)
class Caption:
    """What a text asks for. `palette` and `pattern` index the tables above in order; -1 is "as it came"."""

    text: str
    palette: int
    pattern: int
    brightness: int  # -1 dark, 0, +1 bright


def draw_caption(rng: np.random.Generator) -> Caption:
    """A random caption: known words in any order among filler and gibberish."""
    palette = int(rng.integers(len(PALETTES))) if rng.random() < 0.85 else -1
    pattern = int(rng.integers(len(PATTERNS))) if rng.random() < 0.6 else -1
    brightness = int(rng.choice([-1, 1])) if rng.random() < 0.2 else 0
    parts: list[str] = []
    if palette >= 0:
        parts.append(str(rng.choice(list(PALETTES.values())[palette][0])))
    if pattern >= 0:
        parts.append(str(rng.choice(list(PATTERNS.values())[pattern])))
    if brightness:
        parts.append(str(rng.choice(MODIFIERS["dark" if brightness < 0 else "bright"])))
    known = bool(parts)
    for _ in range(int(rng.integers(0, 5))):
        if rng.random() < 0.15:
            parts.append("".join(rng.choice(list("abcdefghijklmnopqrstuvwxyz"), size=int(rng.integers(2, 8)))))
        else:
            parts.append(str(rng.choice(FILLER)))
    if known or parts:
        rng.shuffle(parts)
    return Caption(" ".join(parts), palette, pattern, brightness)
