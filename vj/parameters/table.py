"""The one table of parameters: names, ranges, units, start values and help. Everything else reads
it here.

The OSC address of a parameter is `/vj/` + its name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from vj.core.errors import Fault, nearest
from vj.core.kinds import BLEND_MODES

Value = float | int | bool | str
Kind = Literal["float", "int", "switch", "choice", "text", "trigger"]


FORMER_CHOICES = {"lines/from": {"picture": "edges"}}
"""Choices by the names that they had: old shows, cues and takes still hold them."""
NAMED_OR_COUNTED = ("cue/fire", "cue/store")
"""Text parameters that also accept a number."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One row. choices: of a text, the texts that it may be besides none, any without. glide:
    seconds a jump is spread over, 0 for none."""

    name: str
    kind: Kind
    start: Value
    help: str
    low: float = 0.0
    high: float = 1.0
    unit: str = ""
    choices: tuple[str, ...] = ()
    glide: float = 0.0

    @property
    def address(self) -> str:
        return f"/vj/{self.name}"

    @property
    def range(self) -> str:
        """`0 .. 1`, the choices, or the kind of value that is accepted."""
        if self.kind in ("float", "int"):
            return f"{self.low:g} .. {self.high:g}"
        return {
            "switch": "on or off",
            "choice": ", ".join(self.choices),
            "text": ", ".join(self.choices) or "text",
            "trigger": "no value",
        }[self.kind]


def _number(
    name: str, low: float, high: float, start: float, unit: str, help: str, glide: float = 0.0
) -> Parameter:
    return Parameter(name, "float", start, help, low, high, unit, glide=glide)


def _whole(name: str, low: int, high: int, start: int, unit: str, help: str) -> Parameter:
    return Parameter(name, "int", start, help, low, high, unit)


QUICK = 0.08
"""Seconds: short enough to feel immediate, long enough that a fader's steps don't show."""

SEEDS = 2_147_483_647
DAY = 86_400
"""Seconds."""
MASK_MODES = ("none", "luma", "chroma", "plate", "motion", "person", "drawn")

ROWS = (
    Parameter("prompt/a", "text", "", "the first prompt; /vj/prompt alone sets it too"),
    Parameter("prompt/b", "text", "", "the second prompt"),
    _number(
        "prompt/mix",
        0,
        1,
        0,
        "",
        "0 is prompt a, 1 is prompt b; in between each token is interpolated, its norm kept",
        QUICK,
    ),
    Parameter(
        "prompt/list",
        "text",
        "",
        'JSON [["text", weight], ...]; when not empty it stands in for a and b',
    ),
    Parameter(
        "palette/a",
        "text",
        "",
        "2 to 8 colours from dark to bright (#102030 crimson #fff), in place of those of prompt "
        "a's words",
    ),
    Parameter("palette/b", "text", "", "the same for prompt b"),
    Parameter(
        "prompt/negative",
        "text",
        "",
        "what the picture moves away from; used when guidance is above 1",
    ),
    _number("prompt/travel", 0, 60, 0.5, "s", "how long a new text takes to arrive"),
    _number(
        "image/amount",
        0,
        1,
        0.6,
        "",
        "how strongly the image prompts of the show's model pull (IP-Adapter); 0 is off",
        QUICK,
    ),
    _number(
        "image/mix",
        0,
        1,
        0,
        "",
        "0 is the first image prompt, or the picture model's first style, 1 the last, in between "
        "from each to the next, as prompts mix",
        QUICK,
    ),
    Parameter(
        "image/styles",
        "text",
        "",
        "the picture model's styles by name, with commas between, in the order of image/mix "
        "(waves, my cat); empty: those of the show",
    ),
    _number(
        "strength",
        0,
        1,
        0.5,
        "",
        "0 is the input as it came, 1 is all imagination; continuous, changes with the next frame",
        QUICK,
    ),
    _whole("steps", 1, 4, 1, "rows", "denoising steps; n steps add n-1 frames of delay"),
    _number(
        "guidance",
        1,
        3,
        1,
        "",
        "how strongly the prompt pulls (residual classifier-free guidance); 1 is off",
        QUICK,
    ),
    _number("delta", 0, 1, 1, "", "how much of the residual noise guidance starts from", QUICK),
    _number(
        "control/amount",
        0,
        2,
        1,
        "",
        "how strongly a ControlNet or T2I-Adapter of the show's model holds to the lines",
        QUICK,
    ),
    _number(
        "pocket/size",
        0.5,
        2,
        1,
        "x",
        "the built-in model and translators: how large strokes, tiles and cells are",
    ),
    _number(
        "pocket/relief",
        0,
        2,
        1,
        "x",
        "the built-in model: how far they stand out of the picture",
        QUICK,
    ),
    _whole("seed/a", 0, SEEDS, 2, "", "the first noise; /vj/seed alone sets it too"),
    _whole("seed/b", 0, SEEDS, 3, "", "the second noise"),
    _number("seed/mix", 0, 1, 0, "", "the way from noise a to noise b, its variance kept", QUICK),
    _number(
        "noise/hold",
        0,
        1,
        1,
        "",
        "1 keeps the same noise every frame, 0 takes new noise every frame",
    ),
    _number(
        "noise/align",
        0,
        1,
        0,
        "",
        "smears a Stable Diffusion model's noise along the picture's form; pocket and translators "
        "always do",
        QUICK,
    ),
    _number(
        "noise/swirl",
        -90,
        90,
        0,
        "deg/s",
        "how fast the large swirl turns that leads where the picture has no direction",
        QUICK,
    ),
    _number(
        "feedback/amount", 0, 0.95, 0.2, "", "share of the last output in the next input", QUICK
    ),
    _number(
        "feedback/zoom",
        0.8,
        1.25,
        1,
        "x",
        "the fed-back picture grows by this factor each frame",
        QUICK,
    ),
    _number("feedback/rotate", -45, 45, 0, "deg", "and turns by this, clockwise", QUICK),
    _number(
        "feedback/x",
        -0.25,
        0.25,
        0,
        "frame",
        "and moves to the right by this share of the width",
        QUICK,
    ),
    _number("feedback/y", -0.25, 0.25, 0, "frame", "and down by this share of the height", QUICK),
    _number(
        "feedback/flow",
        0,
        1,
        1,
        "",
        "how far feedback and smoothing follow the input's motion; where that is unsure, less is "
        "kept",
    ),
    _number("blend/smoothing", 0, 0.99, 0.5, "", "weight of the last output where nothing moves"),
    _number("blend/motion", 0, 1, 0.2, "", "how strongly movement cancels smoothing"),
    _number("mix/wet", 0, 1, 1, "", "the untouched input fades in below 1", QUICK),
    Parameter(
        "mix/mode",
        "choice",
        "normal",
        "how the generated image lies over the input",
        choices=BLEND_MODES,
    ),
    Parameter(
        "mask/mode",
        "choice",
        "none",
        "keeps a part of the input as it came: what is bright, what lacks the key's colour or was "
        "not in the empty room, movement, people; drawn: paints only where people draw",
        choices=MASK_MODES,
    ),
    _number(
        "mask/threshold",
        0,
        1,
        0.5,
        "",
        "how bright, how far from the key's colour or the empty room, how sure it has to be",
        QUICK,
    ),
    _number(
        "mask/feather", 0, 1, 0.1, "", "how soft its edge is; 1 is a tenth of the height", QUICK
    ),
    Parameter(
        "mask/invert",
        "switch",
        False,
        "on: what the mask finds is painted, and the rest stays as it came; of drawn the reverse",
    ),
    _number(
        "mask/steady",
        0,
        0.99,
        0.3,
        "",
        "how slowly the mask lets go of where its subject was, against flicker",
    ),
    _number("mask/hue", 0, 360, 120, "deg", "the key's colour: 120 is green, 240 blue", QUICK),
    Parameter("mask/learn", "trigger", False, "learn the empty room from the next half second"),
    _number(
        "lines/amount",
        0,
        1,
        0,
        "",
        "share of a line drawing of the input in what the model is shown; the dry picture stays",
        QUICK,
    ),
    Parameter(
        "lines/from",
        "choice",
        "edges",
        "what it is made of: the input's edges, what people draw on the page, both, or the "
        "contours of faces or of a body in the input",
        choices=("edges", "drawn", "both", "face", "body"),
    ),
    _number("lines/width", 0.5, 4, 0.8, "px", "how broad its lines are, at 256 pixels", QUICK),
    _number("lines/detail", 0, 1, 0.5, "", "0 draws the strongest edges only, 1 every one", QUICK),
    Parameter("lines/invert", "switch", False, "white lines on black"),
    _number(
        "canvas/fade",
        0,
        600,
        0,
        "s",
        "how long what people draw on the page stays until it has faded away; 0: for good",
    ),
    Parameter("canvas/clear", "trigger", False, "take away all that people have drawn"),
    Parameter(
        "film/begin",
        "trigger",
        False,
        "a film that a translator dreams (trained with --from next) begins anew: with the "
        "source's two newest frames, with source none as it began before",
    ),
    _number(
        "walk/position",
        0,
        1,
        0,
        "",
        "where a walk: source stands, from its first picture to its last, while walk/leg is 0",
        QUICK,
    ),
    _number(
        "walk/leg",
        0,
        600,
        6,
        "s",
        "how long the walk from a picture to the next takes; 0: walk/position leads",
    ),
    Parameter(
        "walk/ease",
        "text",
        "s-curve",
        "the curve of each leg, one for all or one each: s-curve, logit, linear",
    ),
    _number(
        "walk/even",
        0,
        1,
        0,
        "",
        "1 walks at constant visible speed: slower where the picture flips, quicker where little "
        "happens",
    ),
    Parameter(
        "walk/end",
        "choice",
        "stay",
        "what comes after the last picture",
        choices=("stay", "round", "back"),
    ),
    _number("picture/brightness", -1, 1, 0, "", "added to the picture at the very end", QUICK),
    _number("picture/contrast", 0, 2, 1, "x", "about middle grey", QUICK),
    _number("picture/saturation", 0, 2, 1, "x", "0 is black and white", QUICK),
    _number("picture/hue", -180, 180, 0, "deg", "turns all colours", QUICK),
    _number("picture/sharpen", 0, 1, 0, "", "edges lifted a little", QUICK),
    _number(
        "similarity",
        0,
        1,
        0,
        "",
        "above 0: the model rests while the input stands still; nearer 1 allows less movement",
    ),
    Parameter("output/freeze", "switch", False, "hold the picture"),
    _number("output/blackout", 0, 1, 0, "", "fade to black and back", QUICK),
    Parameter(
        "output/interpolate",
        "switch",
        False,
        "frames between painted ones, up to the show's rate: the last one moved on, without delay",
    ),
    Parameter(
        "source",
        "text",
        "",
        "the source that plays, by its name in the show; empty is the show's own",
    ),
    Parameter(
        "model",
        "text",
        "",
        "the model that paints, by its name in the show, or pocket, drawn, styles, picture, "
        "kiss, fox, none; empty is the show's own",
    ),
    _number(
        "crossfade",
        0,
        10,
        0.5,
        "s",
        "how long another source or model takes to fade in over the one before; 0 cuts",
    ),
    Parameter("cue/go", "trigger", False, "fire the next cue of the show"),
    Parameter("cue/back", "trigger", False, "fire the cue before"),
    Parameter("cue/fire", "text", "", "fire a cue by its name, or its number counted from 0"),
    Parameter("cue/store", "text", "", "store the present state as a cue of this name"),
    Parameter(
        "cue/write", "trigger", False, "write the stored cues into the show file; its comments stay"
    ),
    Parameter(
        "timeline/play",
        "trigger",
        False,
        "the timeline and the curves go on, where a pause or a panic has stopped them",
    ),
    Parameter(
        "timeline/pause",
        "trigger",
        False,
        "the timeline, the curves and what follows the standing cue wait, until timeline/play",
    ),
    _number(
        "timeline/position",
        0,
        DAY,
        0,
        "s",
        "go to this moment of the timeline: what its cues and curves have done by then is set at "
        "once. It reads as what was set last, not as where the timeline is",
    ),
    _number(
        "tempo/bpm",
        20,
        300,
        120,
        "BPM",
        "the tempo of beats and bars; a MIDI clock or Link moves it by itself",
    ),
    Parameter("tempo/tap", "trigger", False, "tap the tempo: two taps or more, each is a beat"),
    Parameter(
        "take/start",
        "trigger",
        False,
        "write every parameter change from here on into takes/, to be rendered with --replay",
    ),
    Parameter("take/stop", "trigger", False, "end that"),
    Parameter(
        "record",
        "switch",
        False,
        "record the output into takes/, a movie for each time it is switched on",
    ),
    Parameter("panic", "trigger", False, "every parameter back to the show's start"),
)

PALETTES = ("palette/a", "palette/b")
"""Text parameters that hold colours."""

ALIASES = {"prompt": "prompt/a", "seed": "seed/a"}
"""Short names that stand for another."""


def macro_row(name: str) -> Parameter:
    """The parameter that plays a show's macro."""
    return _number(f"macro/{name}", 0, 1, 0, "", "a macro of the show: 0 is at rest, 1 in full")


def modulator_row(name: str) -> Parameter:
    """The parameter that scales a show's modulator."""
    return _number(
        f"mod/{name}", 0, 1, 1, "", "a modulator of the show: 1 as written, 0 is off", QUICK
    )


def lora_row(name: str, weight: float) -> Parameter:
    """The parameter that plays a LoRA of a show's model."""
    return _number(
        f"lora/{name}",
        0,
        2,
        weight,
        "",
        "a LoRA of the show's model: 0 is off, 1 as it was made",
        QUICK,
    )


def named_row(name: str, names: Iterable[str]) -> Parameter:
    """The row `source` or `model`, which takes the names that a show has for them."""
    return replace(next(row for row in ROWS if row.name == name), choices=tuple(names))


class Table:
    """The rows by name."""

    def __init__(self, rows: tuple[Parameter, ...] = ROWS) -> None:
        self.rows = {row.name: row for row in rows}

    def find(self, name: str) -> Parameter:
        """The parameter called `name` (or an alias of it). Raises Fault with the nearest known
        name."""
        row = self.rows.get(ALIASES.get(name, name))
        if row is None:
            raise Fault(f"{name}: no such parameter{nearest(name, [*self.rows, *ALIASES])}")
        return row


TABLE = Table()


def markdown() -> str:
    """docs/parameters.md."""
    lines = [
        "# Parameters",
        "",
        "Made from `vj/parameters/table.py` by `python -m vj.parameters.table`; do not edit it "
        "here.",
        "",
        "| OSC address | range | start | unit | glide | what it does |",
        "|---|---|---|---|---|---|",
    ]
    for row in ROWS:
        start = (
            {True: "on", False: "off"}[bool(row.start)]
            if row.kind == "switch"
            else ("" if row.kind == "trigger" else f"{row.start}")
        )
        range_ = row.range.replace("|", "\\|")
        lines.append(
            f"| `{row.address}` | {range_} | {start} | {row.unit} | "
            f"{f'{row.glide:g} s' if row.glide else ''} | {row.help} |"
        )
    lines += [
        "",
        "Short forms: "
        + ", ".join(f"`/vj/{short}` is `/vj/{name}`" for short, name in ALIASES.items())
        + ".",
    ]
    lines += [
        "",
        "A show adds `/vj/macro/NAME` (0 .. 1) for each of its macros, `/vj/mod/NAME` (0 .. 1) "
        "for each of its modulators, and",
    ]
    lines += ["`/vj/lora/NAME` (0 .. 2) for each LoRA of its model."]
    lines += [
        "",
        "An address sent without a value is answered with the value it has. Numbers outside the "
        "range are clamped, with a message.",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(markdown(), end="")
