"""Colours as a person writes them, and ramps of five made of them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from vj.core.errors import Fault, nearest

Colour = tuple[float, float, float]
"""sRGB, 0..1."""
Ramp = tuple[Colour, ...]
"""Five colours, from the darkest tone of a picture to its brightest."""

STOPS = 5
FEWEST, MOST = 2, 8

EXAMPLE = "#0a1030 #c03060 #ffe0a0"

CSS = """
aliceblue:f0f8ff antiquewhite:faebd7 aqua:00ffff aquamarine:7fffd4 azure:f0ffff beige:f5f5dc
bisque:ffe4c4 black:000000 blanchedalmond:ffebcd blue:0000ff blueviolet:8a2be2 brown:a52a2a
burlywood:deb887 cadetblue:5f9ea0 chartreuse:7fff00 chocolate:d2691e coral:ff7f50
cornflowerblue:6495ed cornsilk:fff8dc crimson:dc143c cyan:00ffff darkblue:00008b darkcyan:008b8b
darkgoldenrod:b8860b darkgray:a9a9a9 darkgreen:006400 darkgrey:a9a9a9 darkkhaki:bdb76b
darkmagenta:8b008b darkolivegreen:556b2f darkorange:ff8c00 darkorchid:9932cc darkred:8b0000
darksalmon:e9967a darkseagreen:8fbc8f darkslateblue:483d8b darkslategray:2f4f4f
darkslategrey:2f4f4f darkturquoise:00ced1 darkviolet:9400d3 deeppink:ff1493 deepskyblue:00bfff
dimgray:696969 dimgrey:696969 dodgerblue:1e90ff firebrick:b22222 floralwhite:fffaf0
forestgreen:228b22 fuchsia:ff00ff gainsboro:dcdcdc ghostwhite:f8f8ff gold:ffd700
goldenrod:daa520 gray:808080 green:008000 greenyellow:adff2f grey:808080 honeydew:f0fff0
hotpink:ff69b4 indianred:cd5c5c indigo:4b0082 ivory:fffff0 khaki:f0e68c lavender:e6e6fa
lavenderblush:fff0f5 lawngreen:7cfc00 lemonchiffon:fffacd lightblue:add8e6 lightcoral:f08080
lightcyan:e0ffff lightgoldenrodyellow:fafad2 lightgray:d3d3d3 lightgreen:90ee90 lightgrey:d3d3d3
lightpink:ffb6c1 lightsalmon:ffa07a lightseagreen:20b2aa lightskyblue:87cefa
lightslategray:778899 lightslategrey:778899 lightsteelblue:b0c4de lightyellow:ffffe0 lime:00ff00
limegreen:32cd32 linen:faf0e6 magenta:ff00ff maroon:800000 mediumaquamarine:66cdaa
mediumblue:0000cd mediumorchid:ba55d3 mediumpurple:9370db mediumseagreen:3cb371
mediumslateblue:7b68ee mediumspringgreen:00fa9a mediumturquoise:48d1cc mediumvioletred:c71585
midnightblue:191970 mintcream:f5fffa mistyrose:ffe4e1 moccasin:ffe4b5 navajowhite:ffdead
navy:000080 oldlace:fdf5e6 olive:808000 olivedrab:6b8e23 orange:ffa500 orangered:ff4500
orchid:da70d6 palegoldenrod:eee8aa palegreen:98fb98 paleturquoise:afeeee palevioletred:db7093
papayawhip:ffefd5 peachpuff:ffdab9 peru:cd853f pink:ffc0cb plum:dda0dd powderblue:b0e0e6
purple:800080 rebeccapurple:663399 red:ff0000 rosybrown:bc8f8f royalblue:4169e1
saddlebrown:8b4513 salmon:fa8072 sandybrown:f4a460 seagreen:2e8b57 seashell:fff5ee sienna:a0522d
silver:c0c0c0 skyblue:87ceeb slateblue:6a5acd slategray:708090 slategrey:708090 snow:fffafa
springgreen:00ff7f steelblue:4682b4 tan:d2b48c teal:008080 thistle:d8bfd8 tomato:ff6347
turquoise:40e0d0 violet:ee82ee wheat:f5deb3 white:ffffff whitesmoke:f5f5f5 yellow:ffff00
yellowgreen:9acd32
"""
NAMED = dict(pair.split(":") for pair in CSS.split())
"""Colours of CSS (Color Module Level 4, section 6.1): name -> six hexadecimal digits."""


def parse_colour(word: str) -> Colour:
    """`#102030`, `102030`, `#abc` or a name of CSS. Raises Fault."""
    bare = word.strip().lower()
    digits = NAMED.get(bare.replace(" ", ""), bare.removeprefix("#"))
    if re.fullmatch(r"[0-9a-f]{3}", digits):
        digits = "".join(2 * digit for digit in digits)
    if not re.fullmatch(r"[0-9a-f]{6}", digits):
        hint = nearest(bare, NAMED) if bare.isalpha() else ""
        raise Fault(
            f"{word.strip()!r} is no colour{hint} (write #102030, or a name such as crimson)"
        )
    red, green, blue = (int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4))
    return red, green, blue


def parse_ramp(given: str | Sequence[object]) -> Ramp | None:
    """`["#102030", "crimson"]`, the same as JSON, or `#102030 crimson` with spaces or commas
    between -> five colours. 2 to 8 may be given; others are set between them, evenly in Oklab.
    None for nothing at all. Raises Fault."""
    words = split_colours(given) if isinstance(given, str) else [written(one) for one in given]
    if not words:
        return None
    if not FEWEST <= len(words) <= MOST:
        came = "1 colour" if len(words) == 1 else f"{len(words)} colours"
        raise Fault(
            f"{came} came, {FEWEST} to {MOST} would be right, from dark to bright ({EXAMPLE})"
        )
    return resampled([parse_colour(word) for word in words])


def split_colours(text: str) -> list[str]:
    """The colours in a text, as they are written. Raises Fault."""
    text = text.strip()
    if text.startswith("["):
        try:
            listed = json.loads(text)
        except (ValueError, RecursionError):
            raise Fault(
                f'{text[:60]!r} is no list of colours (write ["#102030", "crimson"])'
            ) from None
        return [written(one) for one in listed]
    return [word for word in re.split(r"[\s,;]+", text) if word]


def written(one: object) -> str:
    """A colour in a list has to be a text. Raises Fault."""
    if not isinstance(one, str):
        raise Fault(f'{one!r} is no colour (write "#102030" in quotes, or a name such as crimson)')
    return one


def resampled(colours: Sequence[Colour], count: int = STOPS) -> Ramp:
    """So many colours, evenly spaced along the way through the given ones, which is straight in
    Oklab. The first and the last stay."""
    labs = [to_oklab(colour) for colour in colours]
    made = []
    for step in range(count):
        place = step * (len(colours) - 1) / (count - 1)
        left = min(int(place), len(colours) - 2)
        share = place - left
        if share in (0, 1):
            made.append(colours[left + int(share)])
            continue
        light, green_red, blue_yellow = (
            a + share * (b - a) for a, b in zip(labs[left], labs[left + 1], strict=True)
        )
        made.append(from_oklab((light, green_red, blue_yellow)))
    return tuple(made)


def to_oklab(colour: Colour) -> Colour:
    """sRGB -> lightness 0..1 and the two colour axes of Oklab (Ottosson 2020)."""
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour)
    long = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    middle = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    short = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


def from_oklab(lab: Colour) -> Colour:
    """The way back; what sRGB cannot show is clipped."""
    light, a, b = lab
    long = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red, green, blue = (
        12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055
        for c in (
            max(0.0, +4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short),
            max(0.0, -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short),
            max(0.0, -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short),
        )
    )
    return min(1.0, red), min(1.0, green), min(1.0, blue)
