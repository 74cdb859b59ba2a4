"""The 26 painted styles of `multistyle26.onnx`, in the order of the network's weights. A table.

The network's authors gave the styles no names. These were given by looking at what the styles make
of real clips, of a photograph and of drawn scenes; `docs/painters_pictures.py` makes the sheets
again. A word belongs to one style. Words are written in their simplest form; plurals, -ing, -ed and
American spelling are found by `vj.pocket.spelling`. A word that is the name of a technique or a
palette of the built-in model brings all the words of that along, but for those that another style
has: "fire" brings "flame", "burning", "inferno".
"""

from __future__ import annotations

from dataclasses import dataclass

SWALLOWED = 2.0
"""`Style.outline` below which a person is lost among the strokes."""


@dataclass(frozen=True, slots=True)
class Style:
    """One style. name: what a person types. look: what one sees, in a line. outline: how much
    steeper tones change along a person's outline than elsewhere, 1 where not at all; the mean of 12
    frames of six clips at 256x256 and at 512x288, see `docs/painters_pictures.py`. words: more that
    call it."""

    name: str
    look: str
    outline: float
    words: tuple[str, ...]

    @property
    def swallows(self) -> bool:
        """Figures are lost in it."""
        return self.outline < SWALLOWED


# fmt: off
STYLES = (
    Style("crayon", "coloured crayon in honey and sky blue", 4.2, (
        "coloured crayon", "wax", "wax crayon", "honey", "amber", "yellow", "warm", "sunny",
        "bright", "straw")),
    Style("ink", "a thick black brush on pale grey, fields of yellow", 2.5, (
        "ink and brush", "marker", "black line", "brush drawing", "black and white", "b and w",
        "black and yellow")),
    Style("charcoal", "charcoal over pale blue and peach", 4.2, (
        "charcoal drawing", "soot", "conte", "coal", "black chalk", "chalk", "chalky",
        "peach", "black", "smudged")),
    Style("abstract", "fat loose strokes of blue, red and white on black", 1.6, (
        "abstract painting", "action painting", "abstract expressionism", "splash", "splatter",
        "pollock", "neon", "chaos", "wild")),
    Style("poster", "an old poster in wine red, honey and light blue", 4.4, (
        "old poster", "vintage poster", "vintage", "retro", "lithograph", "litho", "lithography",
        "burgundy", "wine", "claret", "maroon", "carnival", "circus", "toulouse lautrec")),
    Style("oil", "oil paint in orange, red and lilac, every stroke seen", 3.3, (
        "expressionism", "fauve", "fauvist", "fauvism", "munch", "the scream", "orange", "sunset",
        "autumn", "desert")),
    Style("bubbles", "a dark violet skin full of holes; figures are faint", 2.4, (
        "bubble", "cell", "hole", "pore", "honeycomb", "sponge", "coral", "reef", "coral reef",
        "underwater", "bottom of the sea", "microscope", "scale", "violet", "purple", "lace",
        "alien")),
    Style("primary colours", "soft fields of blue, yellow, red and black", 3.9, (
        "primary colour", "primary", "acrylic", "colour field", "bold", "vivid", "saturated",
        "colourful", "rainbow", "thermal", "macke", "rothko", "bauhaus")),
    Style("sketch", "pink, blue and yellow pencil lines on white paper", 3.5, (
        "pencil", "felt pen", "felt tip", "ballpoint", "pen", "graphite", "white", "white paper",
        "pink", "candy", "magenta", "cyan", "fashion drawing")),
    Style("batik", "teal and crimson cloth crossed by a net of white", 1.9, (
        "ikat", "textile", "fabric", "cloth", "tapestry", "embroidery", "patchwork", "carpet",
        "rug", "kilim", "camouflage", "leopard", "animal print", "tie dye")),
    Style("copper", "copper and dark brown, finely grained", 3.5, (
        "sepia", "brown", "bronze", "terracotta", "rust", "metallic", "metal", "leather", "coffee",
        "clay", "old photograph", "daguerreotype", "cave painting", "mars")),
    Style("etching", "brown grained lines on ochre and grey paper", 2.8, (
        "engraving", "parchment", "papyrus", "ochre", "mustard", "antique", "old map", "map",
        "molten gold", "leonardo", "da vinci")),
    Style("pastel", "soft pastel in lilac and yellow; figures stay best", 3.7, (
        "pastel colour", "lilac", "lavender", "soft", "dream", "dreamy", "gentle", "impressionist",
        "impressionism", "pointillism", "monet", "degas", "renoir", "blossom", "spring")),
    Style("psychedelic", "acid green, teal and red, every edge drawn dark", 2.6, (
        "toxic", "acid green", "lime", "green", "forest", "emerald", "tropical", "lsd", "hippie",
        "sixties", "kirchner")),
    Style("watercolour", "a pale wash of teal and pink with fine lines", 4.1, (
        "wash", "ink wash", "pale", "faded", "delicate", "teal", "jade", "lagoon", "ice", "snow",
        "snowy", "winter", "mist", "misty", "fog", "foggy", "marble", "glass")),
    Style("stained glass", "pale panes with dark seams", 1.8, (
        "leadlight", "mosaic", "crystal", "voronoi", "cracked", "shattered", "pebble",
        "kaleidoscope")),
    Style("twilight", "slanting strokes of blue and violet with embers of orange", 2.3, (
        "oil pastel", "blue", "ultramarine", "indigo", "amethyst", "dusk", "evening", "blue hour",
        "moonlight", "nocturne", "rain", "rainy", "aurora", "ultraviolet", "cold")),
    Style("weave", "woven bars of red, orange and blue", 1.1, (
        "woven", "basket", "wicker", "quilt", "tartan", "plaid", "grid", "bar", "brick", "block",
        "lego", "pixel", "pixel art", "pixelated", "mondrian", "circuit", "city map", "matrix")),
    Style("woodcut", "carved bands of brown and olive", 2.5, (
        "linocut", "wood cut", "wood", "wooden", "wood grain", "carved", "carving", "relief print",
        "tree ring", "bark", "olive", "khaki", "contour line")),
    Style("starry night", "swirling dashes of blue and yellow", 2.3, (
        "starry", "star", "van gogh", "swirl", "swirly", "whirl", "vortex", "post impressionist",
        "blue and yellow", "wheat field")),
    Style("crimson", "dark red with glints of blue", 2.9, (
        "red", "rose", "fire", "lava", "hot")),
    Style("pop art", "flat pink, sky blue and orange between black outlines", 3.0, (
        "pop", "lichtenstein", "warhol", "halftone", "cut-out", "paper cut", "collage", "matisse",
        "graffiti", "street art", "sticker", "screen print", "risograph", "mural", "keith haring",
        "bubblegum")),
    Style("comic", "black hatching on cream, violet blue, patches of red", 2.9, (
        "comic book", "graphic novel", "cartoon", "manga", "newsprint", "newspaper print",
        "illustration", "picasso", "chagall", "fresco", "periwinkle")),
    Style("noir", "dark soft shapes against a glowing sky", 6.6, (
        "film noir", "silhouette", "dark", "shadow", "shadowy", "gloomy", "gloom", "smoke",
        "storm", "stormy", "goya", "rembrandt", "caravaggio", "chiaroscuro", "old master",
        "turner", "obsidian", "backlit")),
    Style("great wave", "a Japanese print: navy on cream, waves and foam", 2.7, (
        "japanese print", "japanese", "japan", "ukiyo-e", "hokusai", "hiroshige", "wave",
        "woodblock", "block print", "navy", "deep ocean", "foam", "delft", "porcelain", "china",
        "blue and white", "blueprint")),
    Style("impasto", "thick ropes of paint in blue, rust and cream", 2.3, (
        "rope", "knitted", "knit", "wool", "yarn", "rough", "coarse", "feather", "plaster")),
)
# fmt: on
FIRST = next(number for number, style in enumerate(STYLES) if style.name == "pastel")
"""The style of an empty text, and of one of which nothing is understood: it is calm, and people are
still themselves in it."""
