"""Small pictures of the cues, caught while each stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vj.web.pictures import PictureRequest, Pictures, encode

SIZE = PictureRequest("output", 192, 72)
KEPT = 256


class Thumbnails:
    """`update` now and then, with the state of the show."""

    def __init__(self, pictures: Pictures) -> None:
        self._pictures = pictures
        self._caught: dict[str, tuple[int, bytes]] = {}
        self._standing: tuple[str, int] = ("", 0)

    @property
    def numbers(self) -> dict[str, int]:
        """{cue: the frame that was caught}."""
        return {cue: number for cue, (number, _) in self._caught.items()}

    def get(self, cue: str) -> bytes | None:
        """JPEG."""
        found = self._caught.get(cue)
        return found[1] if found is not None else None

    def update(self, state: Mapping[str, Any]) -> None:
        """Catch the picture once a cue has come in whole, and again every ten seconds while it
        stands. state: `cue` and `fade` of the page's state; called twice a second."""
        cue = str(state.get("cue") or "")
        if cue != self._standing[0]:
            self._standing = cue, 0
        if not cue or state.get("fade"):
            return
        rounds = self._standing[1]
        self._standing = cue, rounds + 1
        newest = self._pictures.newest("output")
        if rounds % 20 == 1 and newest is not None:
            while len(self._caught) >= KEPT:
                del self._caught[next(iter(self._caught))]
            self._caught[cue] = newest[1], encode(newest[0], SIZE)
