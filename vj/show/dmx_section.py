"""`dmx:` of a show file: levels of a lighting desk, by Art-Net and sACN."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Any, NamedTuple

from pydantic import Field, field_validator

from vj.core.errors import Fault
from vj.show.dmx_controls import UNIVERSES
from vj.show.durations import duration
from vj.show.field_types import read_by
from vj.show.section import Section

HOLD = "hold"


class OnLoss(NamedTuple):
    """What happens when no desk sends any more. after: seconds until what the desk moved goes back
    to the show's start; None to hold it."""

    after: float | None = None

    def __str__(self) -> str:
        return HOLD if self.after is None else f"start after {self.after:g} s"


def _on_loss(value: object) -> OnLoss:
    if isinstance(value, OnLoss):
        return value
    text = " ".join(str(value).split())
    if text == HOLD:
        return OnLoss()
    found = re.fullmatch(r"start(?: after (.+))?", text)
    if found is None:
        raise Fault(f"{value!r:.40}: hold or start after 5 s would be right")
    after = duration(found[1] or 0)
    if after.musical:
        raise Fault(f"{value!r:.40}: seconds are wanted, for example start after 5 s")
    return OnLoss(after.seconds)


def _interface(value: object) -> bool | str:
    """Whether it is received, or at which address of this machine. Raises Fault."""
    if isinstance(value, bool):
        return value
    try:
        return str(ipaddress.IPv4Address(str(value)))
    except ValueError:
        raise Fault(
            f"{value!r:.40}: true, false, or an address of this machine, for example 10.0.0.5"
        ) from None


Received = Annotated[bool | str, read_by(_interface)]


class DmxRule(Section):
    """Art-Net and sACN in. artnet, sacn: received on every address of this machine, on one, or
    not. universe: the one of mappings and lights that name none. lost: what happens when no desk
    sends any more. priority: of what lamps are sent by sACN."""

    artnet: Received = True
    sacn: Received = True
    universe: Annotated[int, Field(ge=1, le=UNIVERSES)] = 1
    lost: Annotated[Any, read_by(_on_loss)] = OnLoss()
    priority: Annotated[int, Field(ge=0, le=200)] = 100

    @field_validator("universe", mode="before")
    @classmethod
    def _counted(cls, value: object) -> object:
        if value == 0 and not isinstance(value, bool):
            raise ValueError("universes count from 1; 1 is Art-Net's universe 0")
        return value
