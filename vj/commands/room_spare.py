"""What a process imports that stands by for a piece of a room: all that a live show needs, and
PyTorch where it is installed, none of which asks for a graphics card yet."""

from __future__ import annotations

import contextlib
import importlib

MODULES = (
    *("vj.commands.play", "vj.app.live", "vj.app.autosave", "vj.app.room_link"),
    *("vj.control.keyboard", "vj.control.midi.ports", "vj.show.own_shows", "vj.show.reload"),
    *("vj.diffusion.model_names", "vj.diffusion.loading", "vj.sources.testcard", "torch"),
)


def imports() -> None:
    """Import them; what is not installed is left out, as a show does without it."""
    for name in MODULES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
