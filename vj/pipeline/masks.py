"""Masks: which part of the input stays as it came, and which is painted. Found on every prepared
input, on the CPU.

A mask finds a subject: what is bright, what has not the key's colour, what an empty room had not,
what moves, people, what is near, or what is not transparent in a source. The subject stays as it
came and the rest is painted; inverted it is the other way round. What people draw is no subject but
where to paint: there the rest stays as it came.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from vj.core.seldom import SeldomLog
from vj.core.smoothstep import smoothstep
from vj.parameters.store import Snapshot
from vj.pipeline.depth import between
from vj.pipeline.guided_filter import guided
from vj.pipeline.mask_edges import MaskEdges
from vj.pipeline.subject_tracker import SubjectTracker

PLATE_SECONDS, PLATE_FRAMES = 0.5, 4
"""How long an empty room is learned, and from how many frames at least: the mean of 15 has a
quarter of a frame's noise."""
OPAQUE_SECONDS = 2.0
"""How long a source shows nothing transparent until that is said: it may begin so, and before a
sender is found the test card plays."""
SOFT = 0.06
"""Half the width of the threshold's slope, in the mask's own measure (0..1)."""
DARK, HUES = np.float32(30), 55.0
"""Brightness (of 255) below which the colour of a pixel is noise; degrees of hue at which a colour
has nothing of the key's."""
SOFTER = 0.2
"""The same for a tracked subject, whose edge is found on a smaller copy."""
SMALL_SIDE = 384
"""The longer side of the copy on which movement and changes are looked for."""

SegmentPerson = Callable[[np.ndarray], np.ndarray | None]
"""(H, W, 3) uint8 -> (h, w) float32 0..1, the confidence that a place belongs to a person; None
while nothing is known yet."""


class Masks:
    """The masks of one show's frames. Belongs to the render thread."""

    def __init__(
        self, on_message: Callable[[str], None], segment_person: SegmentPerson | None = None
    ) -> None:
        """segment_person: from `vj.pipeline.person_segmentation`; None without a person model, for
        which the clean plate stands in."""
        self._log, self.segment_person = on_message, segment_person
        self._log_seldom = SeldomLog(on_message)
        self.edges = MaskEdges()
        self.tracker = SubjectTracker(on_message)
        self._plate: np.ndarray | None = None
        self._sum: np.ndarray = np.zeros((0, 0, 3), np.float32)
        self._count = 0
        self._since: float | None = None
        """When the frames that are being learned began to come."""
        self._pulled: int | None = None
        self._asked = False
        """The empty room was learned because somebody wanted it."""
        self._mover: cv2.BackgroundSubtractorMOG2 | None = None
        self._last: np.ndarray | None = None
        self._mode = "none"
        self._told_opaque = False
        self._opaque_since: float | None = None
        """Since when its frames have had no transparency, where that is to be the mask."""

    def forget(self) -> None:
        """Frames of another size come from now on: what was learned of the room goes."""
        self._last = self._mover = None
        self.edges.room.forget()
        self.tracker.forget()
        self._sum, self._count, self._since = np.zeros((0, 0, 3), np.float32), 0, None

    def cut(self) -> None:
        """Another scene begins: what was learned of the one before goes. An empty room that was
        asked for stays, and a subject that was picked is looked for."""
        self._last = self._mover = None
        self.edges.room.forget()
        self.tracker.cut()
        if not self._asked:
            self._plate, self._since, self._count = None, None, 0

    def find(
        self,
        image: np.ndarray,
        snapshot: Snapshot,
        strokes: np.ndarray | None = None,
        alpha: np.ndarray | None = None,
        face: np.ndarray | None = None,
        depth: np.ndarray | None = None,
        looks: bool = True,
    ) -> np.ndarray | None:
        """(H, W, 3) uint8 -> (H, W) uint8, 255 where the generated image shows; None where it shows
        everywhere. Fed with every frame. strokes: (H, W) uint8, 255 where people have drawn; None
        where nobody can. alpha: (H, W) uint8, of the source; None where it is opaque.
        face: (H, W) float32, 1 inside faces; None where nobody knows any.
        depth: (H, W) float32, 1 is nearest; None where it is not known. looks: people are looked
        for; False for a frame of which nothing is left."""
        mode = snapshot["mask/mode"]
        if mode == "person" and self.segment_person is None:
            mode = "plate"
        self._learn(image, int(snapshot["mask/learn"]), mode == "plate", snapshot.time)
        if mode != self._mode:
            self._mode, self._last, self._mover = mode, None, None
            if mode == "drawn" and strokes is None:
                painted = "everything" if snapshot["mask/invert"] else "nothing"
                self._log(f"mask/mode drawn: nobody draws here: {painted} is painted")
        if mode != "alpha" or alpha is not None:
            self._opaque_since = None
        elif self._opaque_since is None:
            self._opaque_since = snapshot.time
        elif snapshot.time - self._opaque_since >= OPAQUE_SECONDS and not self._told_opaque:
            self._told_opaque = True
            painted = "everything" if snapshot["mask/invert"] else "nothing"
            self._log(
                f"mask/mode alpha: the source has no transparency: {painted} is painted (PNG, "
                "WebM, ProRes 4444 and NDI can have it)"
            )
        subject: np.ndarray | None = None
        if mode == "drawn":
            none = np.zeros(image.shape[:2], np.uint8)
            subject = (none if strokes is None else strokes).astype(np.float32) / 255
        elif mode == "alpha":
            everything = np.full(image.shape[:2], 255, np.uint8)
            subject = (everything if alpha is None else alpha).astype(np.float32) / 255
        elif mode == "face":
            subject = np.zeros(image.shape[:2], np.float32) if face is None else face
        elif mode == "depth":
            subject = None if depth is None else between(depth, snapshot)
        elif mode != "none" and (looks or mode != "person"):
            subject = self._subject(mode, image, snapshot)
        if subject is None:
            self.edges.finish(image, None, snapshot)
            return None
        empty = self._plate if self._since is None else None
        subject = self.edges.clean(image, subject, snapshot, empty)
        soft = softness(snapshot, image.shape[0])
        if soft >= 0.5:
            subject = blurred(subject, soft)
        # an alpha does not flicker, and where its subject was nothing is left to be seen
        steady = 0.0 if mode == "alpha" else snapshot["mask/steady"]
        if self._last is not None and self._last.shape == subject.shape and steady > 0:
            # what comes is there at once: a performer who moves is nowhere painted
            subject = cv2.max(subject, cv2.addWeighted(subject, 1 - steady, self._last, steady, 0))
        self._last = subject
        shown = cv2.convertScaleAbs(subject, alpha=255)
        painted = bool(snapshot["mask/invert"]) != (mode == "drawn")
        mask = shown if painted else cv2.bitwise_not(shown)
        self.edges.finish(image, mask, snapshot)
        return mask

    def _subject(self, mode: str, image: np.ndarray, snapshot: Snapshot) -> np.ndarray | None:
        """(H, W) float32, 1 where the subject is."""
        threshold = snapshot["mask/threshold"]
        if mode == "luma":
            return above(
                cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255, threshold
            )
        if mode == "chroma":
            return 1 - above(keyness(image, snapshot["mask/hue"]), 0.6 * threshold)
        if mode == "plate":
            return self._changed(image, threshold)
        if mode == "motion":
            return self._moving(image, threshold)
        if mode == "subject":
            people = None if self.segment_person is None else self.segment_person(image)
            return above(self.tracker.find(image, snapshot, people), 0.5, SOFTER)
        return self._person(image, threshold)

    def _learn(self, image: np.ndarray, pulled: int, needed: bool, now: float) -> None:
        """Collect frames of the empty room: after the trigger, and once by itself when there is
        none."""
        if self._plate is not None and self._plate.shape != image.shape:
            self._plate, self._since = None, None
        if pulled != self._pulled:
            if self._pulled is not None or pulled:
                self._since, self._count, self._asked = now, 0, True
            self._pulled = pulled
        if needed and self._plate is None and self._since is None:
            self._since, self._count, self._asked = now, 0, False
            self._log_seldom(
                "mask plate: the room as it is now is taken for empty; /vj/mask/learn does it "
                "again",
                now,
            )
        if self._since is None:
            return
        if now - self._since >= PLATE_SECONDS and self._count >= PLATE_FRAMES:
            self._since = None
            self.edges.room.forget()
            return
        self._sum = (
            image.astype(np.float32)
            if self._count == 0
            else cv2.add(self._sum, image, dtype=cv2.CV_32F)
        )
        self._count += 1
        self._plate = cv2.convertScaleAbs(self._sum, alpha=1 / self._count)

    def _changed(self, image: np.ndarray, threshold: float) -> np.ndarray | None:
        if self._plate is None:
            return None
        height, width = image.shape[:2]
        size = _small_size(height, width)
        change, plate = (
            cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
            for picture in (image, self._plate)
        )
        red, green, blue = cv2.split(cv2.absdiff(change, plate))
        most = cv2.blur(cv2.max(cv2.max(red, green), blue), (3, 3)).astype(np.float32) / 255
        found = filled(above(most, 0.03 + 0.3 * threshold * threshold, 0.02))
        return cv2.resize(found, (width, height), interpolation=cv2.INTER_LINEAR)

    def _moving(self, image: np.ndarray, threshold: float) -> np.ndarray:
        height, width = image.shape[:2]
        small = cv2.resize(image, _small_size(height, width), interpolation=cv2.INTER_AREA)
        if self._mover is None:
            self._mover = cv2.createBackgroundSubtractorMOG2(history=150, detectShadows=False)
        self._mover.setVarThreshold(4 + 60 * threshold * threshold)
        found = cv2.medianBlur(self._mover.apply(small), 5).astype(np.float32) / 255
        if found.mean() > 0.9:  # its first frame, or a cut: everything is new, which says nothing
            found[:] = 0
        return cv2.resize(filled(found), (width, height), interpolation=cv2.INTER_LINEAR)

    def _person(self, image: np.ndarray, threshold: float) -> np.ndarray | None:
        if self.segment_person is None:
            return None
        found = self.segment_person(image)
        # NaN that came into `steady` would stay there for ever
        if found is None or not np.isfinite(found).all():
            return None
        return above(guided(found, image), threshold)


def softness(snapshot: Snapshot, height: int) -> float:
    """Pixels by which the edge of a mask of this height is blurred."""
    soft: float = snapshot["mask/feather"] * 0.1 * height
    return soft


def _small_size(height: int, width: int) -> tuple[int, int]:
    scale = min(1.0, SMALL_SIDE / max(height, width))
    return max(1, round(width * scale)), max(1, round(height * scale))


_S = smoothstep(np.arange(256, dtype=np.float32) / np.float32(255))


def above(value: np.ndarray, threshold: float, soft: float = SOFT) -> np.ndarray:
    """float32 -> 0 below the threshold, 1 above, and an S of width 2 * soft about it. At threshold
    0 all is above, at 1 nothing."""
    middle = (threshold - 0.5) * (1 + 2 * soft) + 0.5
    steep = 255 / (2 * soft)
    level = cv2.addWeighted(value, steep, value, 0, (soft - middle) * steep, dtype=cv2.CV_8U)
    out: np.ndarray = cv2.LUT(level, _S)
    return out


def keyness(image: np.ndarray, hue_degrees: float) -> np.ndarray:
    """(H, W, 3) uint8 -> (H, W) float32: how much of the key's colour each pixel has, 0..1,
    whatever the light on it.

    Its saturation, less the further its hue lies from the key's, none from `HUES` on. What is
    nearly black has no colour.
    """
    hue, saturation, value = cv2.split(cv2.cvtColor(image, cv2.COLOR_RGB2HSV_FULL))
    distance = np.abs(
        np.arange(256, dtype=np.float32) * np.float32(360 / 256) - np.float32(hue_degrees)
    )
    nearness = np.clip(1 - np.minimum(distance, 360 - distance) / np.float32(HUES), 0, 1)
    light = np.clip(np.arange(256, dtype=np.float32) / DARK, 0, 1) / np.float32(255)
    return cv2.LUT(hue, nearness) * cv2.LUT(value, light) * saturation


def filled(found: np.ndarray) -> np.ndarray:
    """A mask without pepper and salt: small holes closed, specks gone."""
    side = max(3, round(min(found.shape) / 60) | 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    closed = cv2.morphologyEx(found, cv2.MORPH_CLOSE, kernel)
    out: np.ndarray = cv2.morphologyEx(closed, cv2.MORPH_OPEN, kernel)
    return out


def blurred(mask: np.ndarray, soft: float) -> np.ndarray:
    """(H, W) float32 blurred by about `soft` pixels, at a cost that does not grow with it: twice a
    box."""
    side = max(3, round(soft * 1.2) | 1)
    out: np.ndarray = cv2.blur(cv2.blur(mask, (side, side)), (side, side))
    return out
