"""A part of a show file, checked."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, model_validator

from vj.core.errors import Fault

Place = tuple[Any, ...]
"""Keys and indices on the way to something in a show file."""


class Section(BaseModel):
    """Unknown keys are faults, and so are NaN and infinity (`.nan`, `.inf`). A list or mapping
    of which nothing is written, because all its lines are commented out, is an empty one."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        arbitrary_types_allowed=True,
        populate_by_name=True,
        allow_inf_nan=False,
    )

    never_empty: ClassVar[tuple[str, ...]] = ()
    """Lists and mappings of which nothing written is a mistake."""

    @model_validator(mode="before")
    @classmethod
    def _nothing_written(cls, given: Any) -> Any:
        if not isinstance(given, dict) or all(value is not None for value in given.values()):
            return given
        empty = {}
        for name, field in cls.model_fields.items():
            kind = _container(field.annotation)
            if kind is not None and name not in cls.never_empty:
                empty[field.alias or name] = kind
        return {
            key: empty[key]() if value is None and key in empty else value
            for key, value in given.items()
        }


def _container(annotation: Any) -> type[list[Any]] | type[dict[Any, Any]] | None:
    """What an annotation such as `Annotated[list[str], ...]` holds things in; None for what holds
    one thing."""
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    origin = get_origin(annotation)
    return origin if origin in (list, dict) else None


class PlacedFaults(ValueError):
    """Several faults at once, each with where it stands below the section that raises them."""

    def __init__(self, faults: list[tuple[Place, Fault]]) -> None:
        super().__init__("; ".join(str(fault) for _, fault in faults))
        self.faults = faults
