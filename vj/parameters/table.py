"""The one table of parameters: names, ranges, units, start values and help. Everything else reads
it here; the rows stand in `vj.parameters.rows`.

The OSC address of a parameter is `/vj/` + its name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from vj.core.errors import Fault, nearest
from vj.parameters.row import QUICK, number
from vj.parameters.row import Parameter as Parameter
from vj.parameters.row import Value as Value
from vj.parameters.rows import (
    background,
    blending,
    cuts,
    decks,
    generation,
    latent,
    lights,
    masks,
    memory,
    output,
    playing,
    portrait,
    sound,
    sources,
    subject,
    view,
    walks,
)

FORMER_CHOICES = {"lines/from": {"picture": "edges"}, "input/mirror": {"halves": "left"}}
"""Choices by the names that they had: old shows, cues and takes still hold them."""
NAMED_OR_COUNTED = ("cue/fire", "cue/store", "source", "deck/b", "model", "model/prepare")
"""Text parameters that also accept a number, which counts from 0."""
NAMES_OF = {
    "deck/b": "source",
    "image/from": "source",
    "background/source": "source",
    "model/prepare": "model",
}
"""Parameters that take the names of what another one is called after."""
NAMED_OR_COLOURED = ("background/source",)
"""Text parameters that take a colour in place of a name: #203040."""
FIRED_AGAIN = {
    "source": "source/start",
    "source/position": "source/seek",
    "source/at": "source/again",
    "deck/b": "deck/b/start",
    "deck/b/position": "deck/b/seek",
    "deck/b/at": "deck/b/again",
}
"""Triggers that are fired when a parameter is set to the value that it has: a pad starts its clip
again. A trigger counts, so that takes hold it, too."""

FIRED_BY_PANIC = frozenset({"memory/forget"})
"""Triggers that panic fires: what is played begins anew."""

ROWS = (
    *generation.ROWS,
    *memory.ROWS,
    *latent.ROWS,
    *blending.ROWS,
    *masks.ROWS,
    *subject.ROWS,
    *background.ROWS,
    *walks.ROWS,
    *output.ROWS,
    *lights.ROWS,
    *sound.ROWS,
    *sources.ROWS,
    *decks.ROWS,
    *cuts.ROWS,
    *view.ROWS,
    *portrait.ROWS,
    *playing.ROWS,
)

PALETTES = ("palette/a", "palette/b")
"""Text parameters that hold colours."""

ALIASES = {
    "prompt": "prompt/a",
    "seed": "seed/a",
    "deck/a": "source",
    "deck/a/start": "source/start",
    **{
        f"deck/a/{name}": f"source/{name}"
        for name in ("position", "seek", "at", "again", "speed", "in", "out", "loop", "between")
    },
}
"""Short names that stand for another."""


def macro_row(name: str) -> Parameter:
    """The parameter that plays a show's macro."""
    return number(f"macro/{name}", 0, 1, 0, "", "a macro of the show: 0 is at rest, 1 in full")


def modulator_row(name: str) -> Parameter:
    """The parameter that scales a show's modulator."""
    return number(
        f"mod/{name}", 0, 1, 1, "", "a modulator of the show: 1 as written, 0 is off", QUICK
    )


PACES = {
    "rate": "how fast it runs, times the rate that is written; 0 holds it where it is",
    "attack": "how long its attack takes, times what is written",
    "decay": "how long its decay takes, times what is written",
}


def pace_row(name: str, pace: str) -> Parameter:
    """The parameter that plays how fast a show's modulator is. pace: a key of `PACES`."""
    return number(f"mod/{name}/{pace}", 0, 8, 1, "x", f"a modulator of the show: {PACES[pace]}")


def lora_row(name: str, weight: float) -> Parameter:
    """The parameter that plays a LoRA of a show's model."""
    return number(
        f"lora/{name}",
        0,
        2,
        weight,
        "",
        "a LoRA of the show's model: 0 is off, 1 as it was made",
        QUICK,
    )


def named_row(name: str, names: Iterable[str]) -> Parameter:
    """The row of a parameter that chooses, such as `source`, which takes the names that a show has
    for it."""
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
        "Made from `vj/parameters/rows/` by `python -m vj.parameters.table`; do not edit it here.",
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
        range_, in_cell = (text.replace("|", "\\|") for text in (row.range, row.help))
        lines.append(
            f"| `{row.address}` | {range_} | {start} | {row.unit} | "
            f"{f'{row.glide:g} s' if row.glide else ''} | {in_cell} |"
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
        "for each of its modulators,",
        "`/vj/mod/NAME/rate` (0 .. 8) for each LFO, `/vj/mod/NAME/attack` and `decay` (0 .. 8) for "
        "each envelope, and",
    ]
    lines += [
        "`/vj/lora/NAME` (0 .. 2) for each LoRA of its model. For each of its `sounds:` it adds "
        "`/vj/sound/NAME/level` (0 .. 1),",
        f"`/vj/sound/NAME/pace` ({sound.LOW:g} .. {sound.HIGH:g}) and the triggers "
        "`/vj/sound/NAME/play` and `/vj/sound/NAME/stop`.",
        "Each of its [effects](effects.md) adds `/vj/effects/NAME/amount` (0 .. 1) and what its "
        "file declares: `launch.py check` lists",
        "that, and OSCQuery says what each is.",
    ]
    lines += [
        "",
        "An address sent without a value is answered with the value it has. Numbers outside the "
        "range are clamped, with a message.",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(markdown(), end="")
