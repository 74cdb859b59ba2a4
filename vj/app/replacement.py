"""One part of a saved show, built beside the part that plays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


def do_nothing() -> None:
    """The default of `Replacement.discard`."""


@dataclass
class Replacement:
    """Something new that is ready to take the place of what plays."""

    changed: list[str]
    """Names of the sections that changed, for the message."""
    apply: Callable[[], Any]
    """Takes the place. Everything that can fail was done before, as far as one can know."""
    discard: Callable[[], Any] = field(default=do_nothing)
    """Closes it instead; what plays stays as it was."""


Builder = Callable[..., Replacement | None]
"""(the saved show, the show that plays) -> what replaces a part of it; None where nothing changed.
Raises Fault, or whatever a library raises, when it cannot be built."""
