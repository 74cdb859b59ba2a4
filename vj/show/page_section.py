"""`page:` of a show file: where the page is served, who may play there, and what its first screen
holds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator, model_validator

from vj.core.errors import Fault, nearest
from vj.parameters.table import ALIASES, Table
from vj.show.section import KeyPath, Section

FADERS = 8
"""Faders on the first screen, at most."""
PIN_DIGITS = (4, 12)
PADS = 64


def parse_address(text: str) -> tuple[str, int]:
    """`"127.0.0.1:9000"` or `":9000"` (every address) or `"9000"` -> (host, port). Raises
    ValueError."""
    host, colon, port = text.strip().rpartition(":")
    if not port.isdecimal() or not 0 <= int(port) <= 65535:
        raise ValueError(f"{text!r} is not an address; write HOST:PORT, for example 127.0.0.1:9000")
    return (host or ("0.0.0.0" if colon else "127.0.0.1")), int(port)


class PadRule(Section):
    """A pad: fires a cue, sets the prompt, or starts a source. A text alone names a cue."""

    cue: str | None = Field(default=None, min_length=1)
    prompt: str | None = None
    source: str | None = Field(default=None, min_length=1)
    name: str | None = Field(default=None, min_length=1)
    """What is written on it; the cue's name, the prompt or the source unless given."""

    @model_validator(mode="after")
    def _one(self) -> PadRule:
        if sum(one is not None for one in (self.cue, self.prompt, self.source)) != 1:
            raise ValueError("a pad has one of cue:, prompt: and source:")
        return self


def _pad(value: object) -> object:
    return {"cue": value} if isinstance(value, str) else value


class PageSection(Section):
    """The page. faders, pads, xy: None leaves the choice to the page; an empty list is none. Names
    of parameters are whole, once the show is checked."""

    on: bool = True
    listen: str = "127.0.0.1:9080"
    pin: str | None = None
    """None: one is made, and kept on this machine; "off": none is asked."""
    faders: list[str] | None = Field(default=None, max_length=FADERS)
    pads: list[Annotated[PadRule, BeforeValidator(_pad)]] | None = Field(
        default=None, max_length=PADS
    )
    xy: list[str] | None = None

    @field_validator("listen")
    @classmethod
    def _address(cls, value: str) -> str:
        parse_address(value)
        return value

    @field_validator("pin", mode="before")
    @classmethod
    def _pin(cls, value: object) -> object:
        """`off` is read as a text by YAML 1.2, as false by its elder sister."""
        if value is False or value == "off":
            return "off"
        if value is True or value == "on" or value is None:
            return None
        low, high = PIN_DIGITS
        if isinstance(value, int):
            raise ValueError(f'{value} is read as a number; as text it wants quotes: "{value}"')
        if not isinstance(value, str) or not (
            value.isascii() and value.isdecimal() and low <= len(value) <= high
        ):
            raise ValueError(f'{low} to {high} digits in quotes, such as "274190", or off')
        return value

    @field_validator("xy")
    @classmethod
    def _two(cls, value: list[str] | None) -> list[str] | None:
        if value is not None and len(value) not in (0, 2):
            raise ValueError("two parameters, such as [feedback/zoom, feedback/rotate]")
        return value


def as_page(value: object) -> object:
    """`page: off`, `page: HOST:PORT` and `page:` alone as the section that they mean."""
    if isinstance(value, bool) or value in ("on", "off"):
        return {"on": value is True or value == "on"}
    if isinstance(value, str | int):
        return {"listen": str(value)}
    return {} if value is None else value


def over_page(own: Any, given: str) -> Any:
    """A show's `page:` with what `--page` says over it: `off` or HOST:PORT."""
    section = as_page(own)
    kept = dict(section) if isinstance(section, dict) else {}
    if given == "off":
        return {**kept, "on": False}
    return {**kept, "on": True, "listen": given}


def check_page(
    page: PageSection, macros: Iterable[str], cues: list[str], table: Table
) -> tuple[PageSection, list[tuple[KeyPath, Fault]]]:
    """The section with whole names of parameters (a macro's own name is short for
    `macro/NAME`), and the faults in it, with their key paths: parameters that do not exist or are
    no numbers, and cues and sources that do not exist."""
    short = {name: f"macro/{name}" for name in macros}
    faults: list[tuple[KeyPath, Fault]] = []
    whole: dict[str, list[str]] = {}
    for key in ("faders", "xy"):
        named: list[str] | None = getattr(page, key)
        if named is None:
            continue
        whole[key] = []
        for index, name in enumerate(named):
            place = ("page", key, index)
            try:
                row = table.find(short.get(name, name))
            except Fault:
                near = nearest(name, [*table.rows, *ALIASES, *short])
                faults.append((place, Fault(f"{name}: no such parameter{near}")))
                continue
            if row.kind not in ("float", "int"):
                faults.append((place, Fault(f"{name}: is no number ({row.range})")))
            elif row.name in whole[key]:
                faults.append((place, Fault(f"{name}: is named twice")))
            whole[key].append(row.name)
    sources = table.rows["source"].choices
    for index, pad in enumerate(page.pads or ()):
        for kind, given, names in (("cue", pad.cue, cues), ("source", pad.source, sources)):
            if given is not None and given not in names:
                known = ", ".join(names) or "the show has none"
                fault = Fault(f"{given}: no such {kind}{nearest(given, names)} ({known})")
                faults.append((("page", "pads", index), fault))
    return page.model_copy(update=whole), faults
