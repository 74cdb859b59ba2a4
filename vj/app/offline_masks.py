"""Masks of a rendering that its machine has no model for."""

from __future__ import annotations

from collections.abc import Callable

from vj.parameters.store import Snapshot
from vj.pipeline.depth import NO_MASK
from vj.pipeline.selfie_segmentation import missing


class MissingMasks:
    """Says once that a cue or a take asks for a mask of people or of depth without a model for
    it."""

    def __init__(self, nobody: bool, flat: bool, log: Callable[[str], None]) -> None:
        """nobody: no people are found. flat: no depth is."""
        self._messages = {
            mode: text
            for mode, lacks, text in (("person", nobody, missing()), ("depth", flat, NO_MASK))
            if lacks
        }
        self._log = log

    def observe(self, snapshot: Snapshot) -> None:
        """A frame's parameters."""
        text = self._messages.pop(snapshot["mask/mode"], None)
        if text is not None:
            self._log(text)
