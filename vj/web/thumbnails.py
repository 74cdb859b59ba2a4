"""Small pictures of the cues, caught while each stands."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from vj.core.packed import Pixels
from vj.web.pictures import PictureRequest, Pictures

SIZE = PictureRequest("output", 192, 72)
KEPT = 256
CATCH = (2, 8, 20)
"""Calls after which a standing cue's picture is caught."""


class Thumbnails:
    """`update` now and then, with the state of the show."""

    def __init__(self, pictures: Pictures) -> None:
        self._pictures = pictures
        self._caught: dict[str, tuple[int, bytes]] = {}
        """Replaced with every change: it is read while other threads encode."""
        self._changing = threading.Lock()
        self._standing = ""
        self._rounds = 0
        self._newest: tuple[Pixels, int] | None = None
        """The picture of the standing cue at the last call."""

    @property
    def numbers(self) -> dict[str, int]:
        """{cue: the frame that was caught}."""
        return {cue: number for cue, (number, _) in self._caught.items()}

    def get(self, cue: str) -> bytes | None:
        """JPEG."""
        found = self._caught.get(cue)
        return found[1] if found is not None else None

    def update(self, state: Mapping[str, Any]) -> None:
        """Catch the picture once a cue has come in whole, again when its prompts have arrived, and
        at last when another cue follows. state: `cue` and `fade` of the page's state; called twice
        a second."""
        cue = str(state.get("cue") or "")
        if cue != self._standing:
            self._catch()
            self._standing, self._rounds, self._newest = cue, 0, None
        if not cue or state.get("fade"):
            return
        self._rounds += 1
        self._newest = self._pictures.newest("output")
        if self._rounds in CATCH:
            self._catch()

    def _catch(self) -> None:
        if self._newest is not None:
            pixels, number = self._newest
            cue = self._standing
            self._pictures.encode_aside(pixels, SIZE, lambda body: self._keep(cue, number, body))

    def _keep(self, cue: str, number: int, body: bytes) -> None:
        with self._changing:
            others = [(name, one) for name, one in self._caught.items() if name != cue]
            self._caught = dict([*others[-(KEPT - 1) :], (cue, (number, body))])
