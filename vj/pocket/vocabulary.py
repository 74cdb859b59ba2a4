"""The words the built-in model knows: palettes, techniques, modifiers, and captions made of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Five sRGB stops each, from the darkest tone to the brightest. Luma rises along every ramp, so that faces and silhouettes stay
# readable whatever the colours.
PALETTES: dict[str, tuple[tuple[str, ...], tuple[str, str, str, str, str]]] = {
    "molten gold": (("gold", "golden", "molten gold", "honey", "amber"), ("1c0d02", "6b3a06", "c98412", "ffc933", "fff7c4")),
    "deep ocean": (("ocean", "sea", "deep ocean", "underwater"), ("01081f", "052f6e", "0b6fb8", "2fc3d8", "d2fbff")),
    "fire": (("fire", "flames", "lava", "burning"), ("0d0202", "6e0a04", "dd2f08", "ff9214", "fff0a0")),
    "neon": (("neon", "cyberpunk", "electric"), ("0a0020", "4a0a9e", "e01fc4", "2ee6ff", "f4ffe8")),
    "ice": (("ice", "frozen", "snow", "glacier"), ("1c3646", "5c92b0", "a4d4e4", "def3fa", "ffffff")),
    "forest": (("forest", "jungle", "moss", "leaves"), ("06120a", "123f1d", "2f7f35", "86bb4c", "ecf5b5")),
    "ink": (("ink", "charcoal", "monochrome", "graphite"), ("050505", "303030", "777777", "c2c2c2", "fafafa")),
    "rust": (("rust", "copper", "iron"), ("160804", "5c220e", "a5491d", "cf8058", "efcdb8")),
    "candy": (("candy", "bubblegum", "sugar"), ("5a2a6e", "e0468e", "ff8fb4", "ffd0a8", "fffbe0")),
    "moonlight": (("moonlight", "midnight", "night"), ("04050f", "171e45", "3c4a88", "8592cc", "e2e8ff")),
    "thermal": (("thermal", "infrared", "heat"), ("08003a", "6a00a8", "e0284e", "ffa408", "ffff9e")),
    "blueprint": (("blueprint", "cyanotype"), ("04207c", "0b3fbc", "2a63e6", "7fa8ff", "f6faff")),
    "sunset": (("sunset", "dusk", "evening"), ("1a0a3c", "6b1f6e", "e0505c", "ffae5c", "ffecb8")),
    "emerald": (("emerald", "jade", "malachite"), ("001a16", "005a44", "00a878", "5ce0b0", "defff0")),
    "amethyst": (("amethyst", "violet", "lavender"), ("14062a", "46207e", "8450c8", "bd9cee", "f2eaff")),
    "rose": (("rose", "blood", "ruby", "crimson"), ("160208", "62041e", "bc1244", "f06a8a", "ffdce2")),
    "desert": (("desert", "sand", "dune"), ("3c2c1e", "86684a", "c2a278", "e4d0ac", "fbf4e2")),
    "toxic": (("toxic", "acid", "radioactive"), ("081002", "2a4a00", "7ac000", "ccff18", "fbffb0")),
    "aurora": (("aurora", "northern lights"), ("08062c", "1c3a80", "0aa88c", "70f080", "f6ffc0")),
    "autumn": (("autumn", "harvest", "maple"), ("200c04", "6e2c08", "b86410", "d8a83c", "f0e6a4")),
    "blossom": (("blossom", "cherry blossom", "sakura", "petals"), ("4a2434", "a05a78", "e29cb6", "fad2de", "fffafc")),
    "coffee": (("coffee", "chocolate", "sepia", "mahogany"), ("120a06", "3c2418", "765038", "b08c6c", "eadcc8")),
    "lagoon": (("lagoon", "turquoise", "tropical"), ("00262e", "007080", "10bcb8", "8cecd4", "fdffe0")),
    "ultraviolet": (("ultraviolet", "blacklight", "laser"), ("050018", "2400a0", "5a10ff", "c040ff", "ffc8ff")),
    "bronze": (("bronze", "verdigris", "patina"), ("0c120e", "2e4a3c", "6a8a5c", "c4a866", "f4e8c0")),
}
"""Name -> (the words that call it, its ramp)."""

PATTERNS: dict[str, tuple[str, ...]] = {
    "brush strokes": ("brush strokes", "oil painting", "painterly", "impasto"),
    "halftone": ("halftone", "comic dots", "newsprint"),
    "mosaic": ("mosaic", "tiles", "tesserae"),
    "woodcut": ("woodcut", "engraving", "linocut", "etching"),
    "contour lines": ("contour lines", "topographic", "isolines"),
    "marble": ("marble", "marbled", "veins"),
    "stained glass": ("stained glass", "cathedral window", "leaded glass"),
    "circuit": ("circuit", "circuit board", "microchip"),
    "feathers": ("feathers", "plumage", "wings"),
    "scales": ("scales", "dragon", "fish skin", "reptile"),
    "smoke": ("smoke", "fog", "mist", "vapour"),
    "crystal": ("crystal", "facets", "gemstone", "low poly"),
    "weave": ("weave", "woven", "textile", "wicker"),
}
"""Technique -> the words that call it. Without one the picture gets a light grain of the seed's noise."""

MODIFIERS: dict[str, tuple[str, ...]] = {
    "dark": ("dark", "gloomy", "shadow"),
    "bright": ("bright", "luminous", "sunlit"),
    "soft": ("soft", "dreamy", "blurry"),
    "glowing": ("glowing", "radiant", "shining"),
    "fine": ("fine", "delicate", "subtle"),
    "coarse": ("coarse", "rough", "bold"),
    "pale": ("pale", "faded", "washed"),
    "vivid": ("vivid", "saturated", "intense"),
}

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
    palette: int = -1
    pattern: int = -1
    modifiers: frozenset[str] = frozenset()


def draw_caption(rng: np.random.Generator, with_pattern: float = 0.72, with_palette: float = 0.85, plain: float = 0.0) -> Caption:
    """A random caption: known words in any order among filler and gibberish. with_pattern, with_palette: how often one is named. plain:
    how often it has no modifiers."""
    palette = int(rng.integers(len(PALETTES))) if rng.random() < with_palette else -1
    pattern = int(rng.integers(len(PATTERNS))) if rng.random() < with_pattern else -1
    modifiers = {str(rng.choice(list(MODIFIERS))) for _ in range(int(rng.choice([0, 1, 2], p=[0.7, 0.23, 0.07])))}
    if rng.random() < plain:
        modifiers = set()
    if {"dark", "bright"} <= modifiers:
        modifiers.remove("dark")
    parts: list[str] = []
    if palette >= 0:
        parts.append(str(rng.choice(list(PALETTES.values())[palette][0])))
    if pattern >= 0:
        parts.append(str(rng.choice(list(PATTERNS.values())[pattern])))
    parts += [str(rng.choice(MODIFIERS[name])) for name in sorted(modifiers)]
    for _ in range(int(rng.choice([0, 0, 1, 2, 3, 4]))):
        if rng.random() < 0.15:
            parts.append("".join(rng.choice(list("abcdefghijklmnopqrstuvwxyz"), size=int(rng.integers(2, 8)))))
        else:
            parts.append(str(rng.choice(FILLER)))
    rng.shuffle(parts)
    return Caption((", " if rng.random() < 0.4 else " ").join(parts), palette, pattern, frozenset(modifiers))
