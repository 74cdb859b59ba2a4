"""What single values of a show file may be written as. All raise ValueError."""

from __future__ import annotations

from typing import Any

from vj import sources
from vj.core.errors import Fault
from vj.core.frame import Aspect, Size
from vj.parameters.colours import parse_colour, split_colours, written
from vj.show.model_section import as_list


def as_size(value: object) -> Size | Aspect | str:
    if isinstance(value, Size | Aspect) or value == "auto":
        return value  # type: ignore[return-value]
    try:
        return Aspect.parse(str(value)) or Size.parse(str(value))
    except ValueError as error:
        hint = "" if ":" in str(value) else ", or a shape such as 16:9, 9:16, 4:3, square, or auto"
        raise ValueError(f"{error}{hint}") from None


def as_pixels(value: object) -> Size:
    return value if isinstance(value, Size) else Size.parse(str(value))


def as_tile(value: object) -> int | str:
    if value in ("auto", "whole"):
        return str(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 192 <= value <= 8192:
        raise ValueError(
            f"{value!r:.40}: auto, whole, or the side of the tiles in pixels, 192 .. 8192"
        )
    return value


def as_source(uri: object) -> str:
    _no_group(uri)
    value_error(sources.check_uri, str(uri))
    return str(uri)


def _no_group(uri: object) -> None:
    if isinstance(uri, dict | list):
        raise ValueError(f"{uri!r:.100}: text is wanted, such as ndi:NAME")


def value_error(check: Any, text: object) -> None:
    """Check a value; a Fault becomes a ValueError, as pydantic wants them."""
    try:
        check(text)
    except Fault as fault:
        raise ValueError(str(fault)) from None


def as_colours(value: object) -> object:
    """A list of colours, or a text of them."""
    if value is None:
        raise ValueError(
            'no value is given; a colour wants quotes, since # begins a remark: ["#102030", '
            '"#ffe0a0"]'
        )
    return split_colours(value) if isinstance(value, str) else as_list(value)


def as_colour(value: object) -> object:
    value_error(lambda one: parse_colour(written(one)), value)
    return value


def as_model_file(value: object) -> object:
    return {"model": value} if isinstance(value, str) else value


def as_osc(value: object) -> object:
    return {"listen": value} if isinstance(value, str) else {} if value is None else value


def as_tempo(value: object) -> object:
    return {"bpm": value} if isinstance(value, int | float) else {} if value is None else value


def as_midi(value: object) -> object:
    if isinstance(value, bool) or value in ("on", "off"):
        return {"on": value is True or value == "on"}
    if value is None:
        return {}
    return (
        {"devices": value}
        if isinstance(value, list)
        else {"devices": [value]}
        if isinstance(value, str)
        else value
    )
