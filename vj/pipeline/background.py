"""The second layer: a place of its own behind whoever the mask finds (`background/*`).

What is in front is laid over it by the compositor, as the input is over a generated image:
`y = m F + (1 - m) B`, with m the mask, F the input in its own colours (`vj.pipeline.matte`) or the
generated image, and B the background, which is painted at a pace of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np

from vj.core.frame import Frame, Size, WalkFrame
from vj.core.smoothstep import smoothstep
from vj.core.strokes import colour_of
from vj.core.supervisor import Supervisor
from vj.parameters.rows.background import PLACES
from vj.parameters.store import Snapshot
from vj.pipeline.backend import Backend
from vj.pipeline.background_painter import BackgroundPainter
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.latent_walk import LatentWalk
from vj.pipeline.preprocess import Fit, prepare
from vj.pipeline.room_plate import RoomPlate

CLOUDS = (5, 3), (11, 7)
"""Cells across and down of what a background of words begins with: SDEdit at strength 1 sees
nothing of it, models that follow form have one to follow."""


class BackgroundLayer:
    """Belongs to the render thread."""

    def __init__(
        self,
        size: Size,
        fit: Fit,
        room: RoomPlate,
        on_message: Callable[[str], None],
        supervisor: Supervisor,
        live: bool,
    ) -> None:
        """room: learned by the masks. live: see `BackgroundPainter`."""
        self._size, self._fit, self._room, self._log = size, fit, room, on_message
        self._painter = BackgroundPainter(on_message, supervisor, live)
        self.shows = False
        """There was a background in the last frame."""
        self._walk = LatentWalk(size, fit)
        self.newest: Callable[[str], Frame | None] = lambda name: None
        """What a source of the show, by its name, gives now; None while it gives nothing. Asked
        with every frame while background/source names it; must not block."""
        self._name = ""
        self._seen: tuple[np.ndarray, np.ndarray] | None = None
        """The pixels that came last, and the picture that they made."""
        self._told = False

    def anew(self, size: Size, fit: Fit) -> None:
        """Pictures of another size, or that fit in another way, come from now on."""
        self._size, self._fit = size, fit
        self._walk, self._seen = LatentWalk(size, fit), None
        self._painter.forget()

    def cut(self) -> None:
        """Another scene begins: a place that was painted of its room goes, others stay."""
        if self._name == "plate":
            self._painter.forget()

    def laid(self, context: FrameContext, snapshot: Snapshot, backend: Backend) -> FrameContext:
        """The context of a frame, with its background behind it. backend: that paints the frames.
        To be called with every frame."""
        self.shows = False
        name = str(snapshot["background/source"])
        if name != self._name:
            self._name, self._seen = name, None
            if not name:
                self._painter.forget()
        flight = context.flight
        if not name or (flight is not None and flight.moment is not None):
            return context
        if snapshot["mask/mode"] == "none":
            if not self._told:
                self._told = True
                self._log("background/source: mask/mode is none, so that nothing is in front of it")
            return context
        frame = None if name in PLACES or name.startswith("#") else self.newest(name)

        def place() -> np.ndarray | None:
            return self._place(name, frame, context, snapshot)

        strength = 1.0 if name == "words" else snapshot["background/strength"]
        shown = self._painter.at(place, snapshot, backend, strength)
        if shown is None:
            return context
        self.shows = True
        guide = context.guide
        if snapshot["background/subject"] == "input":
            if flight is not None:
                return _under(context, shown, snapshot["mix/wet"])
            guide = guide and replace(guide, strength=1.0)
            return replace(context, background=shown, guide=guide)
        if context.mask is None:
            return context
        behind = _behind(shown, context.dry, context.mask, snapshot["mix/wet"])
        mask = cv2.bitwise_not(context.mask)
        return replace(context, mask=mask, beyond_edges=behind, guide=None)

    def _place(
        self, name: str, frame: Frame | None, context: FrameContext, snapshot: Snapshot
    ) -> np.ndarray | None:
        """The background as it came, (H, W, 3) uint8; None while there is none."""
        colour = (0, 0, 0) if name == "black" else colour_of(name)
        if colour is not None:
            return np.full_like(context.image, colour)
        if name == "plate":
            room = self._room.picture()
            return context.image if room is None else room
        if name == "words":
            return clouds(self._size, snapshot["background/seed"], self._painter.seed)
        if isinstance(frame, WalkFrame):
            return self._walk.at(frame.chain, snapshot).crossfaded()
        if frame is not None and (self._seen is None or self._seen[0] is not frame.pixels):
            self._seen = frame.pixels, prepare(frame.pixels, self._size, self._fit)
        return None if self._seen is None else self._seen[1]

    def leave(self, backend: Backend) -> None:
        """This backend plays no more."""
        self._painter.leave(backend)

    def close(self) -> None:
        """End its threads. May be called twice."""
        self._painter.close()


def _behind(background: np.ndarray, own: np.ndarray, mask: np.ndarray, wet: float) -> np.ndarray:
    """What the generated image of a subject lies over, (H, W, 3) uint8, so that with all of it
    mixed the subject is wet times generated and the rest its own, before the background: mask:
    (H, W) uint8, 255 where the subject is not."""
    if wet >= 1:
        return background
    rest = mask.astype(np.float32) * np.float32(1 / 255)
    kept = (1 - rest) * np.float32(1 - wet)
    share = cv2.merge([kept / np.maximum(kept + rest, np.float32(1e-4))] * 3)
    mixed = background + (own.astype(np.float32) - background) * share
    return cv2.convertScaleAbs(mixed)


def _under(context: FrameContext, background: np.ndarray, wet: float) -> FrameContext:
    """The context of a frame whose input comes back from a journey: both layers lie under what is
    generated."""
    whole = context.dry
    mask = np.full(whole.shape[:2], 255, np.uint8) if context.mask is None else context.mask
    share = mask.astype(np.float32) * np.float32(wet / 255)
    under = cv2.blendLinear(background, whole, share, 1 - share)
    return replace(context, mask=np.zeros_like(mask), beyond_edges=under, guide=None)


def unsmoothed(snapshot: Snapshot) -> Snapshot:
    """For a background that is shown as it is: it has its own fade from painting to painting."""
    return replace(snapshot, values={**snapshot.values, "blend/smoothing": 0.0})


def clouds(size: Size, seed: int, moved: float) -> np.ndarray:
    """Soft light and shade, (H, W, 3) uint8, that go over into others as `moved` grows by 1."""
    at, share = int(moved), smoothstep(moved % 1)
    out = np.full((size.height, size.width), 128, np.float32)
    for index, cells in enumerate(CLOUDS):
        one, two = (
            np.random.default_rng((seed, at + step, index)).standard_normal(cells[::-1])
            for step in (0, 1)
        )
        # the deviation stays what it is half way
        mixed = ((1 - share) * one + share * two) / np.hypot(1 - share, share)
        light = cv2.resize(mixed.astype(np.float32), size, interpolation=cv2.INTER_CUBIC)
        out += light * np.float32(44 / (index + 1))
    return cv2.cvtColor(cv2.convertScaleAbs(np.clip(out, 0, 255)), cv2.COLOR_GRAY2RGB)
