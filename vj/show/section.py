"""The base class of a show file's sections."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, model_validator

from vj.core.errors import Fault

KeyPath = tuple[Any, ...]
"""Keys and indices from the top of a show file to a value."""


class Section(BaseModel):
    """Unknown keys are faults, and so are NaN and infinity (`.nan`, `.inf`). A list or mapping
    without a value, such as one whose lines are all commented out, is empty."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        arbitrary_types_allowed=True,
        populate_by_name=True,
        allow_inf_nan=False,
    )

    never_empty: ClassVar[tuple[str, ...]] = ()
    """Lists and mappings that must have a value."""

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
    """The container type of an annotation such as `Annotated[list[str], ...]`; None for others."""
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    origin = get_origin(annotation)
    return origin if origin in (list, dict) else None


class PlacedFaults(ValueError):
    """Several faults, each with its key path below the section that raises them."""

    def __init__(self, faults: list[tuple[KeyPath, Fault]]) -> None:
        super().__init__("; ".join(str(fault) for _, fault in faults))
        self.faults = faults
