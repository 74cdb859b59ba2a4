"""What a show means for whoever plays or renders it: its size, its start, its model."""

from __future__ import annotations

from collections.abc import Callable

from vj.engine.checkpoints import ModelSpec
from vj.frame import Size
from vj.parameters.table import Value
from vj.show.schema import Show
from vj.sources import split_uri


def painted_size(show: Show, say: Callable[[str], None]) -> Size:
    """The show's size as the model can paint it: sides in multiples of 8."""
    if show.model.name == "none" or show.size == show.size.rounded(8):
        return show.size
    size = show.size.rounded(8)
    say(f"size {show.size} is painted as {size}: diffusion wants multiples of 8")
    return size


def start_values(show: Show) -> dict[str, Value]:
    """What the show starts with. Without a source there is nothing to keep, so strength starts at 1 unless the show says otherwise."""
    values = {"tempo/bpm": show.tempo.bpm, **show.start}
    if split_uri(show.source[0])[0] == "none":
        values.setdefault("strength", 1.0)
    return values


def model_spec(show: Show) -> ModelSpec:
    return ModelSpec(**show.model.model_dump())


def split_preview(uri: str) -> bool:
    """True for sinks that are threads of their own; the preview page is not."""
    return uri.partition(":")[0] != "preview"
