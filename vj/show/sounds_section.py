"""`sounds:` of a show file: sounds beside what `sound:` says, each with a level, a pace and a
trigger of its own."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from vj.core.errors import Fault, nearest
from vj.parameters.row import Parameter
from vj.parameters.rows.sound import HIGH, LOW, sound_rows
from vj.show.model_section import as_list
from vj.show.section import KeyPath, PlacedFaults, Section
from vj.show.sound_section import names_file
from vj.sound.drawn import GO_ON, NAMES, PREFIX

RESERVED = ("source", "level")
"""Names that no sound may have: they would be another parameter's."""


def _file(text: str) -> str:
    """A `drawn:NAME`, or the path of a file."""
    text = text.strip()
    if text.startswith(PREFIX):
        name = text.removeprefix(PREFIX)
        if name not in NAMES:
            raise ValueError(
                f"{text!r:.100}: no such drawn sound{nearest(name, NAMES)} ({', '.join(NAMES)})"
            )
        return text
    if not names_file(text):
        words = [PREFIX + name for name in NAMES]
        near = nearest(text, NAMES).replace("mean ", f"mean {PREFIX}") or nearest(text, words)
        raise ValueError(
            f"{text!r:.100}: no such sound{near} (a file with sound, or {', '.join(words)})"
        )
    return text


class SoundRule(Section):
    """One sound. loop: it goes on and on from the show's beginning; else it is heard when it is
    started. None: as such a sound does, and one that something starts does not. level, pace: to
    start with. on: what starts it, see `vj.show.validate_sounds`."""

    file: Annotated[str, AfterValidator(_file)]
    level: float = Field(default=1.0, ge=0, le=1)
    pace: float = Field(default=1.0, ge=LOW, le=HIGH)
    loop: bool | None = None
    pitch: Literal["follow", "keep"] = "follow"
    on: Annotated[list[str], BeforeValidator(as_list)] = Field(default=[])

    @property
    def drawn(self) -> bool:
        """The project makes it; else it is a file's."""
        return self.file.startswith(PREFIX)

    @property
    def goes_on(self) -> bool:
        """It loops."""
        if self.loop is not None:
            return self.loop
        if self.on:
            return False
        return not self.drawn or self.file.removeprefix(PREFIX) in GO_ON

    def plays_as(self, other: SoundRule) -> bool:
        """It is the same sound, however loud and fast it begins."""
        return (self.file, self.goes_on, self.pitch) == (other.file, other.goes_on, other.pitch)


def as_rule(value: object) -> object:
    """A file alone is one without more."""
    return {"file": value} if isinstance(value, str) else value


def check_names(sounds: dict[str, SoundRule]) -> dict[str, SoundRule]:
    """Each is a part of an OSC address. Raises PlacedFaults."""
    faults: list[tuple[KeyPath, Fault]] = []
    for name in sounds:
        if name in RESERVED:
            faults.append(((name,), Fault(f"{name}: sound/{name} is something else; another name")))
        elif not re.fullmatch(r"[\w.-]+", name):
            faults.append(
                ((name,), Fault(f"{name!r:.60}: letters, digits, _ and - are a sound's name"))
            )
    if faults:
        raise PlacedFaults(faults)
    return sounds


def rows_of(sounds: dict[str, SoundRule]) -> list[Parameter]:
    """The parameters of a show's sounds."""
    return [row for name, rule in sounds.items() for row in sound_rows(name, rule.level, rule.pace)]
