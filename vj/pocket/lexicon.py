"""The words the built-in model knows: techniques, palettes, modifiers. Tables only.

A word that stands in both of the first two tables is a material: alone it calls technique and
colours, beside a named technique only the colours. Words are written in their simplest form;
plurals, -ing, -ed and American spelling are found by `spelling.py`. A phrase wins over the words
in it.

What moved since the first generation: "brush strokes" and "painterly" are oil, "impasto" is a
technique of its own; "etching" and "engraving" are engraving and no woodcut; "weave" and its
words are gone; "feathers" are fur and hair too; "copper" is copper and no longer rust, "jade" is
jade and no longer emerald, "lava" is lava and no longer fire, "charcoal" and "graphite" are
techniques; gold, ice, fire, neon, ink and all other materials bring their technique along when
none is named, where they were colours only.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


DEFAULT = "oil"
"""The technique of a text that names none."""

# fmt: off
TECHNIQUE_WORDS: dict[str, tuple[str, ...]] = {
    "oil": ("oil", "oil painting", "oil paint", "brush stroke", "brushwork", "painterly", "painted",
            "painting", "canvas", "impressionist", "impressionism", "expressionist", "van gogh",
            "monet", "rembrandt"),
    "impasto": ("impasto", "palette knife", "thick paint", "acrylic"),
    "ink": ("ink", "inky", "ink wash", "ink drawing", "ink painting", "sumi-e", "calligraphy"),
    "engraving": ("engraving", "engrave", "etching", "etch", "intaglio", "copperplate", "banknote",
                  "crosshatching", "cross hatching"),
    "woodcut": ("woodcut", "linocut", "woodblock", "block print", "ukiyo-e", "hokusai"),
    "pencil": ("pencil", "graphite", "sketch", "sketchy", "hatching", "drawing", "line drawing",
               "pencil drawing", "coloured pencil", "crayon"),
    "charcoal": ("charcoal", "charcoal drawing", "soot"),
    "watercolour": ("watercolour", "water colour", "aquarelle", "gouache", "wet paint"),
    "pastel": ("pastel", "chalk", "chalky", "oil pastel", "soft pastel"),
    "feathers": ("feather", "feathery", "plumage", "plume", "wing", "fur", "furry", "hair", "hairy",
                 "fluffy", "fleece"),
    "flames": ("flame", "fire", "fiery", "on fire", "burn", "burning", "blaze", "inferno",
               "bonfire", "wildfire", "ember"),
    "smoke": ("smoke", "smoky", "fog", "foggy", "mist", "misty", "vapour", "haze", "hazy", "steam",
              "cloud", "cloudy"),
    "pointillism": ("pointillism", "pointillist", "stipple", "seurat", "confetti", "dabs"),
    "stained glass": ("stained glass", "stained glass window", "cathedral window", "church window",
                      "leaded glass", "rose window"),
    "mosaic": ("mosaic", "tile", "tessera", "tesserae", "pixel art", "pixelated"),
    "crystal": ("crystal", "crystalline", "facet", "gemstone", "gem", "jewel", "low poly",
                "lowpoly", "polygon", "prism", "origami",
                "cubist", "cubism", "shard", "diamond", "ruby",
                "emerald", "amethyst", "sapphire", "quartz"),
    "halftone": ("halftone", "comic", "comic book", "comic dot", "cartoon", "manga", "newsprint",
                 "newspaper print", "dot", "dotted", "pop art", "lichtenstein", "screen print",
                 "risograph"),
    "circuit": ("circuit", "circuit board", "circuitry", "microchip", "motherboard", "pcb"),
    "scales": ("scale", "scaly", "dragon", "snake", "snakeskin", "serpent", "fish skin", "reptile",
               "lizard", "crocodile", "mermaid"),
    "neon": ("neon", "neon sign", "neon light", "neon line", "neon tube", "cyberpunk", "electric",
             "glowing line", "light painting", "tron"),
    "contour lines": ("contour line", "contour", "topographic", "topographic map", "topography",
                      "isoline", "elevation map", "height map"),
    "marble": ("marble", "marbling", "veins", "veined", "malachite"),
    "metal": ("metal", "metallic", "gold", "golden", "gilded", "gold leaf", "molten gold",
              "liquid gold", "rose gold", "white gold", "brass", "silver", "silvery", "steel",
              "platinum", "copper", "bronze",
              "iron", "rust", "rusty", "foil"),
    "chrome": ("chrome", "chromium", "quicksilver", "mercury", "liquid metal", "liquid silver",
               "mirror", "polished metal"),
    "ice": ("ice", "icy", "frozen", "frost", "frosty", "glacier", "iceberg", "icicle",
            "ice sculpture", "glass", "glassy"),
    "wax": ("wax", "candle", "candlelight", "melted wax", "jade", "honey", "amber", "porcelain"),
    "lava": ("lava", "magma", "molten", "molten rock"),
}
"""Technique -> the words that call it."""

PALETTES: dict[str, tuple[tuple[str, ...], str]] = {
    "molten gold": (
        ("gold", "golden", "gilded", "gold leaf", "molten gold", "liquid gold", "brass", "honey",
         "amber"),
        "1c0d02 6b3a06 c98412 ffc933 fff7c4"),
    "deep ocean": (
        ("ocean", "sea", "deep ocean", "deep sea", "underwater", "bottom of the sea"),
        "01081f 052f6e 0b6fb8 2fc3d8 d2fbff"),
    "fire": (
        ("flame", "fire", "fiery", "on fire", "burn", "burning", "blaze", "inferno", "bonfire",
         "wildfire", "ember"),
        "0d0202 6e0a04 dd2f08 ff9214 fff0a0"),
    "neon": (
        ("neon", "neon sign", "neon light", "neon line", "neon tube", "cyberpunk", "electric",
         "tron", "synthwave", "vaporwave"),
        "0a0020 4a0a9e e01fc4 2ee6ff f4ffe8"),
    "ice": (
        ("ice", "icy", "frozen", "frost", "frosty", "glacier", "iceberg", "icicle", "ice sculpture",
         "snow", "snowy", "winter", "diamond"),
        "1c3646 5c92b0 a4d4e4 def3fa ffffff"),
    "forest": (
        ("forest", "jungle", "moss", "mossy", "leaves", "leaf", "foliage"),
        "06120a 123f1d 2f7f35 86bb4c ecf5b5"),
    "ink": (
        ("ink", "inky", "ink wash", "ink drawing", "ink painting", "sumi-e", "charcoal",
         "charcoal drawing", "soot", "monochrome", "greyscale", "grey"),
        "050505 303030 777777 c2c2c2 fafafa"),
    "rust": (("rust", "rusty", "iron"), "160804 5c220e a5491d cf8058 efcdb8"),
    "candy": (("candy", "bubblegum", "sugar"), "5a2a6e e0468e ff8fb4 ffd0a8 fffbe0"),
    "moonlight": (
        ("moonlight", "moonlit", "midnight", "night", "moon"),
        "04050f 171e45 3c4a88 8592cc e2e8ff"),
    "thermal": (("thermal", "infrared", "heat"), "08003a 6a00a8 e0284e ffa408 ffff9e"),
    "blueprint": (("blueprint", "cyanotype"), "04207c 0b3fbc 2a63e6 7fa8ff f6faff"),
    "sunset": (("sunset", "dusk", "evening", "sunrise", "golden hour"),
               "1a0a3c 6b1f6e e0505c ffae5c ffecb8"),
    "emerald": (("emerald", "malachite"), "001a16 005a44 00a878 5ce0b0 defff0"),
    "amethyst": (("amethyst", "violet", "lavender"), "14062a 46207e 8450c8 bd9cee f2eaff"),
    "rose": (
        ("rose", "blood", "bloody", "ruby", "crimson"), "160208 62041e bc1244 f06a8a ffdce2"),
    "desert": (("desert", "sand", "sandy", "dune"), "3c2c1e 86684a c2a278 e4d0ac fbf4e2"),
    "toxic": (("toxic", "acid", "radioactive", "poison"), "081002 2a4a00 7ac000 ccff18 fbffb0"),
    "aurora": (
        ("aurora", "aurora borealis", "northern lights"), "08062c 1c3a80 0aa88c 70f080 f6ffc0"),
    "autumn": (("autumn", "harvest", "maple"), "200c04 6e2c08 b86410 d8a83c f0e6a4"),
    "blossom": (
        ("blossom", "cherry blossom", "sakura", "petal"), "4a2434 a05a78 e29cb6 fad2de fffafc"),
    "coffee": (("coffee", "chocolate", "sepia", "mahogany"), "120a06 3c2418 765038 b08c6c eadcc8"),
    "lagoon": (("lagoon", "turquoise", "tropical"), "00262e 007080 10bcb8 8cecd4 fdffe0"),
    "ultraviolet": (
        ("ultraviolet", "uv", "uv light", "blacklight", "black light", "laser"),
        "050018 2400a0 5a10ff c040ff ffc8ff"),
    "bronze": (("bronze", "verdigris", "patina"), "0c120e 2e4a3c 6a8a5c c4a866 f4e8c0"),
    # Since the second generation: materials,
    "silver": (("silver", "silvery", "white gold", "steel", "platinum", "foil"),
               "0b0d10 3a4048 858d98 c6ccd4 fbfcff"),
    "chrome": (
        ("chrome", "chromium", "quicksilver", "mercury", "liquid metal", "liquid silver", "mirror",
         "polished metal"),
        "05070c 1f2f48 6f86a0 c3d3e2 ffffff"),
    "copper": (("copper", "rose gold"), "160603 5e220f b4572c e79a6b ffe3cc"),
    "jade": (("jade",), "04170f 1c5a3e 58a07a a8d4b4 eef8e8"),
    "wax": (("wax", "candle", "candlelight", "melted wax"), "2a1206 8a4a18 d89a4c f6d79a fff8e6"),
    "lava": (("lava", "magma", "molten", "molten rock"), "0a0403 3a0a06 c22a06 ff8a14 ffe88a"),
    "glass": (("glass", "glassy"), "0c1e22 3f6f74 93bfc0 d2ebe8 fbffff"),
    "graphite": (
        ("pencil", "graphite", "sketch", "sketchy", "hatching", "drawing", "line drawing",
         "pencil drawing"),
        "1e1f22 5a5c60 9c9ea2 d4d5d6 fbfbf8"),
    # and plain colours.
    "black and white": (("black and white", "noir", "x-ray"), "000000 161616 808080 eeeeee ffffff"),
    "white": (("white", "porcelain", "ivory"), "4a4c52 9a9ca4 d4d6da f0f1f3 ffffff"),
    "black": (("black", "obsidian"), "020203 0e0e12 2a2a32 6a6c78 d8dae2"),
    "red": (("red", "scarlet"), "1a0202 7a0808 d81e1e ff7a66 ffe0d8"),
    "orange": (("orange", "tangerine"), "1c0a02 7a3004 e8700c ffb055 fff0d8"),
    "yellow": (("yellow", "lemon"), "201a02 7a6206 e8c010 ffe45a fffbdc"),
    "green": (("green",), "03140a 0c4a1e 1f9a3e 7cd67e e8fbe0"),
    "blue": (("blue", "sapphire", "cobalt"), "020a24 0c2a80 1f5ce0 7aa8ff e6f0ff"),
    "purple": (("purple",), "12042a 4a1280 9030d0 c88af5 f4e6ff"),
    "pink": (("pink",), "2a0618 8a1f5a f0509a ff9fc8 ffeaf4"),
    "brown": (("brown",), "140a05 44240f 86502a c09468 f0dfc8"),
    "rainbow": (("rainbow", "psychedelic", "spectrum"), "1e0a4a 2a4ed0 18b070 ffb020 fff2a0"),
}
"""Name -> (the words that call it, its five sRGB stops, from the darkest tone to the brightest).
Luma rises along every ramp, so that faces and silhouettes stay readable whatever the colours."""

SCENES = frozenset({"night", "evening", "winter"})
"""Words that lend a palette only where nothing else does: neon at night is neon."""

OWN_COLOURS = ("own colour", "true colour", "natural colour", "original colour", "full colour")
"""Words that keep the picture's own colours, whatever material is named."""

SHAPES = frozenset({"fire", "lava", "ice", "glass", "wax", "neon", "ink", "graphite", "chrome"})
"""Palettes of materials that are known by their shape rather than by their colour: beside other
colours these lend the technique. "Ice, deep ocean" is ice in deep ocean, "gold, ice" is ice in
gold."""

MODIFIERS: dict[str, tuple[str, ...]] = {
    "dark": ("dark", "gloomy", "shadow", "shadowy"),
    "bright": ("bright", "luminous", "sunlit"),
    "soft": ("soft", "dreamy", "blurry"),
    "glowing": ("glowing", "glow", "radiant", "shining", "shiny"),
    "fine": ("fine", "delicate", "subtle", "detailed", "intricate"),
    "coarse": ("coarse", "rough", "bold"),
    "pale": ("pale", "faded", "washed", "pastel colour", "muted"),
    "vivid": ("vivid", "saturated", "intense", "colourful"),
}

ASSOCIATIONS: dict[str, tuple[str, ...]] = {
    "lava": ("volcano", "volcanic", "eruption"),
    "fire": ("hell", "phoenix", "devil", "explosion", "arson", "torch"),
    "toxic": ("nuclear", "uranium", "slime", "venom", "chemical", "zombie"),
    "coffee": ("espresso", "cappuccino", "cacao", "cinnamon"),
    "deep ocean": ("water", "waterfall", "marine", "whale", "shark", "submarine", "wave", "abyss",
                   "river", "diver", "seabed"),
    "lagoon": ("coral", "beach", "island", "pool"),
    "ice": ("arctic", "antarctic", "polar", "blizzard"),
    "forest": ("tree", "woods", "meadow", "grass", "plant", "fern", "garden"),
    "sunset": ("dawn", "daybreak"),
    "moonlight": ("twilight", "galaxy", "starry", "nebula", "cosmos"),
    "desert": ("sahara", "egyptian", "egypt", "pyramid", "beige"),
    "blossom": ("flower", "floral", "bloom"),
    "rose": ("wine", "vampire", "heart", "lips"),
    "molten gold": ("treasure", "crown", "pharaoh", "sunshine"),
    "autumn": ("october", "pumpkin", "thanksgiving"),
    "stained glass": ("cathedral", "tiffany", "church", "gothic", "chapel"),
    "circuit": ("robot", "matrix", "cyborg", "computer", "electronics", "technology"),
    "mosaic": ("byzantine", "bathroom", "lego"),
    "feathers": ("bird", "peacock", "eagle", "owl", "swan", "angel"),
    "neon": ("tokyo", "lightning", "nightclub", "disco", "rave"),
    "black and white": ("chess", "zebra"),
    "marble": ("michelangelo", "stone", "granite", "sculpture"),
    "white": ("cream", "vanilla", "pearl", "milk"),
    "scales": ("alligator",),
    "silver": ("titanium", "aluminium", "aluminum", "tin", "zinc", "knight", "sword"),
    "candy": ("lollipop", "sweets"),
    "wax": ("melting",),
    "mahogany": ("wood", "wooden", "timber", "oak"),
    "black": ("coal", "tar", "asphalt"),
    "rainbow": ("holographic", "hologram"),
    "crystal": ("icosahedron", "kaleidoscope", "fractal", "geometry", "geometric", "polyhedron",
                "picasso"),
    "halftone": ("warhol", "anime", "superhero"),
    "ultraviolet": ("techno",),
}
"""Known word -> free words that are taken for it, as those are that lie near in meaning."""

NOTHING = _words(
    """man men woman women girl boy person people human child baby face head eye eyes mouth hand
    body skin bone leg foot arm skeleton dancer dance dancing music song singer band concert
    crowd audience stage theatre movie film video television photo photograph picture image
    portrait camera art artist museum style city town street road highway car truck bus train
    airplane plane bike ship boat house home building room kitchen door window wall floor table
    chair bed roof tower castle bridge school office shop market cat dog horse cow pig sheep
    lion tiger wolf bear mouse rat rabbit monkey elephant animal fish insect spider bee
    butterfly frog food bread cheese meat cake fruit apple banana vegetable rice soup beer drink
    bottle cup plate dress shirt shoe hat coat clothes cloth silk cotton wool leather plastic
    paper brick rock concrete mountain hill valley lake weather rain storm wind thunder sun sky
    air day morning noon afternoon summer spring time year week hour minute world earth country
    nation war army soldier gun bomb police government president king queen prince love hate
    fear anger joy happy sad life death dead god ghost witch demon monster alien game sport
    football player team ball race party wedding holiday friend family mother father brother
    sister wife husband doctor teacher student money business company work job phone machine
    engine rocket satellite tool book word letter number story news name place thing way part
    end side top bottom middle left right front back big small large little huge tiny long short
    tall wide high low deep old new young ancient modern beautiful pretty ugly strange weird
    good bad best better great nice hot cold warm fast slow quick calm quiet loud wild running
    walking standing sitting sleeping smiling looking flying swimming falling moving turning
    playing talking singing hero knife hammer medicine drug disease virus space surface
    illustration illustrations collage silhouette silhouettes texture textures shade shades hue
    ground landscape terrain scenery abstract ornate elaborate exquisite distinctive decorative
    remote piece pieces shaped lit exterior dust covered blown blowing mix sells holder cancer
    hospital science scientist research university study theory idea dream fountain jellyfish"""
)
"""Words that mean nothing to the model, and words near these neither: a cat is no snake."""

STOP = _words(
    """a an the of and or but nor in on at to by for from with without into onto over under
    above below between through during before after about against around near like as is are was
    were be been being am do does did doing done have has had having it its it's this that these
    those he she they them him her his hers their our your my mine we you i me us who whom whose
    which what when where why how there here then than so too very just only also not no yes all
    any both each few more most much many some such same other another one two three four five
    six seven eight nine ten first second third last can could will would shall should may might
    must made make makes making get got let upon within across along behind beside out up down
    off again once ever never always still while because if else via per etc quite rather really
    almost every everything something nothing someone everyone full using use used seen style"""
)
"""Words that say how others hang together."""

NEAR = _words(
    """volcano lava glacier icy snow ocean sea coral lagoon turquoise forest jungle foliage
    desert sand poison toxic radioactive venom coffee chocolate espresso candy sunset lavender
    violet gemstone crystal steel marble mosaic cathedral gothic watercolour pastel woodcut
    smoke fog haze mist fire flame inferno bonfire fur feather fleece neon circuitry porcelain
    wax candle pencil crayon glass autumn blossom floral impressionist cubist reptile blizzard"""
)
"""Known words whose neighbours mean much the same; all others are matched only when written."""
