"""A part of a show file, checked."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from vj.errors import Fault

Place = tuple[Any, ...]
"""Keys and indices on the way to something in a show file."""


class Section(BaseModel):
    """Unknown keys are faults."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, populate_by_name=True)


class PlacedFaults(ValueError):
    """Several faults at once, each with where it stands below the section that raises them."""

    def __init__(self, faults: list[tuple[Place, Fault]]) -> None:
        super().__init__("; ".join(str(fault) for _, fault in faults))
        self.faults = faults
