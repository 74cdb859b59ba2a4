"""A room file: several shows that play at once, each as a process of its own."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator

from vj.core.errors import Fault
from vj.parameters.table import ALIASES, TABLE
from vj.show.page_section import parse_address
from vj.show.section import PlacedFaults, Section

MOST = 16
"""Pieces in a room, at most."""
OWN = (
    *("room", "status", "error", "subscribe", "unsubscribe", "macro", "mod"),
    *("effect", "effects", "light", "lights", "step", "stepped", "timecode", "lora", "vj"),
)
"""First parts of addresses below `/vj/` that are no piece's, beside those of parameters."""
SHOW_WORDS = frozenset(row.split("/")[0] for row in (*TABLE.rows, *ALIASES)) | set(OWN)
"""First parts of addresses below `/vj/` that mean something in every show."""
VARIED_WORDS = frozenset(OWN) | {"sound"}
"""Those below which a show may have addresses of its own: macros, tracks, effects, what is sent."""
SHOW_ADDRESSES = frozenset((*TABLE.rows, *ALIASES, "output/step"))
"""All others, in full: they are the same in every show."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _alone(value: object) -> object:
    """The name of a show alone, for one that plays as it is written."""
    return {"show": value} if isinstance(value, str) else value


class PieceRule(Section):
    """One show of a room. What stands here replaces the show's own; paths are relative to the room
    file, else to the working directory."""

    show: str = Field(min_length=1)
    """A show file beside the room file, or a name in mappings/."""
    card: Annotated[int, Field(ge=0)] | str | None = None
    """The number of a graphics card, or a part of its name; None: the first."""
    source: str | None = None
    sinks: Annotated[list[str], BeforeValidator(_listed)] | None = None
    model: str | None = None
    size: str | None = None
    output: str | None = None
    fps: Annotated[float, Field(ge=1, le=240)] | None = None
    sound: str | None = None
    start: dict[str, bool | int | float | str] = Field(default_factory=dict)

    def overrides(self) -> dict[str, Any]:
        """As `vj.commands.options.overrides` gives what stands on a command line."""
        found: dict[str, Any] = {
            key: getattr(self, key)
            for key in ("source", "sinks", "model", "size", "fps", "sound")
            if getattr(self, key) is not None
        }
        if self.size is not None or self.output is not None:
            found["output"] = self.output
        if self.start:
            found["start"] = {name: _written(value) for name, value in self.start.items()}
        return found

    def options(self) -> list[str]:
        """The same as words of a command line."""
        words = [
            f"--{key}={getattr(self, key)}"
            for key in ("source", "model", "size", "output", "sound")
            if getattr(self, key) is not None
        ]
        if self.fps is not None:
            words.append(f"--fps={self.fps:g}")
        words += [f"--sink={uri}" for uri in self.sinks or ()]
        return words + [f"--set={name}={_written(value)}" for name, value in self.start.items()]


def _written(value: bool | int | float | str) -> str:
    """As --set takes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


class RoomSection(Section):
    """The whole file."""

    room: dict[str, Annotated[PieceRule, BeforeValidator(_alone)]] = Field(max_length=MOST)
    """What each piece is called in OSC and on the page -> its show."""
    name: str = "room"
    osc: str = "127.0.0.1:9000"
    page: str | Literal[False] = "127.0.0.1:9080"
    """Where the room's page is; the pieces' own follow at the next ports. False: none."""
    bpm: Annotated[float, Field(ge=20, le=300)] | None = None
    """The room's tempo at its start; None: that of the first piece."""
    beat: Literal["together", "each"] = "together"
    """Whether the pieces have one tempo and beat."""
    link: bool = False
    """That of the Ableton Link session in this network, where aalink is installed (GPLv3, so it is
    not imported unasked)."""
    panic: Literal["together", "each"] = "together"

    @field_validator("osc", mode="before")
    @classmethod
    def _listens(cls, value: object) -> object:
        parse_address(str(value))
        return str(value)

    @field_validator("page", mode="before")
    @classmethod
    def _served(cls, value: object) -> object:
        if value is False or value == "off":
            return False
        parse_address(str(value))
        return str(value)

    @field_validator("room")
    @classmethod
    def _names(cls, value: dict[str, PieceRule]) -> dict[str, PieceRule]:
        if not value:
            raise ValueError("a room has pieces: a name and its show, such as left: kiss_crash")
        faults = [((name,), Fault(f"{name}: {why}")) for name in value if (why := name_fault(name))]
        if faults:
            raise PlacedFaults(faults)
        return value


def name_fault(name: str) -> str:
    """What is wrong with a piece's name; empty for a good one."""
    if not _NAME.fullmatch(name):
        return "a piece's name begins with a letter, and has letters, digits, - and _ only"
    if name in SHOW_WORDS:
        return f"/vj/{name} means something in every show; call the piece otherwise"
    return ""
