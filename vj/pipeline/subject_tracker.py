"""A subject that is picked by a point in the picture and tracked from then on (`mask/mode:
subject`).

What is picked is the person under the point, where people are found, else what parts from its
surroundings there by colour and movement (GrabCut: Rother et al. 2004). It is tracked by moving its
mask along the optical flow and fitting it anew to the colours that it was seen in (as Bayesian
segmentation does: the prior is the moved mask, the evidence the odds of two histograms). When
little of it is left to be seen, its last place is kept, and it is looked for by its colours and its
shape.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from vj.parameters.store import Snapshot
from vj.pipeline.colour_model import ColourModel
from vj.pipeline.flow_backends import make_flow
from vj.pipeline.guided_filter import guided

SMALL, SMALLER = 192, 128
"""The longer side of the copies on which it is tracked, and picked."""
GROWS = 5
"""Pixels of the copy by which a mask may grow from frame to frame."""
SURE = 3.5
"""Of the moved mask: natural logarithm of its odds."""
PERSON = 2.0
"""Of a person's mask, the same."""
GONE = 0.25
"""Share of its usual size below which it is lost."""
FOUND = 0.4
"""How much better its colours fit inside its shape than about it, 0..1, for it to be found."""
NOBODY = "mask/mode subject: nothing is picked: click it on the page, or fire subject/pick"


class SubjectTracker:
    """Belongs to the render thread. 4 ms a frame, 20 ms in the frame of a pick."""

    def __init__(self, on_message: Callable[[str], None]) -> None:
        self._log, self._flow = on_message, make_flow()
        self._picks: int | None = None
        self._mask: np.ndarray | None = None
        """(h, w) float32 0..1 on the small copy; None while nothing is picked."""
        self._grey: np.ndarray | None = None
        self._colours: ColourModel | None = None
        self._size = 0.0
        """Of the subject as it usually is, in pixels of the copy."""
        self._whole: np.ndarray | None = None
        """Its mask as it was when all of it was seen last."""
        self._is_person = False
        self._age = 0
        """Frames since the pick."""
        self.lost = False
        self._told = False

    @property
    def state(self) -> str:
        """`tracked`, `lost`, or empty while nothing is picked. From any thread."""
        return "" if self._mask is None else "lost" if self.lost else "tracked"

    def forget(self) -> None:
        """Frames of another size come from now on."""
        self._mask = self._grey = self._colours = self._whole = None
        self.lost = False

    def cut(self) -> None:
        """Another scene begins: what was picked is looked for."""
        self.lost = self._mask is not None

    def find(self, image: np.ndarray, snapshot: Snapshot, person: np.ndarray | None) -> np.ndarray:
        """image: (H, W, 3) uint8. person: (h, w) float32 0..1, where people are; None where that is
        not known. -> (H, W) float32, about 1 where the subject is; 0 while nothing is picked. To
        be called with every frame in which the mask is this one."""
        height, width = image.shape[:2]
        scale = min(1.0, SMALL / max(height, width))
        size = max(16, round(width * scale)), max(16, round(height * scale))
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
        known = person is not None and bool(np.isfinite(person).all())
        people = cv2.resize(person, size) if person is not None and known else None
        if self._grey is not None and self._grey.shape != grey.shape:
            self.forget()
        picks = int(snapshot["subject/pick"])
        picked = picks != (0 if self._picks is None else self._picks)
        self._picks = picks
        if picked:
            x = min(size[0] - 1, int(snapshot["subject/x"] * size[0]))
            y = min(size[1] - 1, int(snapshot["subject/y"] * size[1]))
            self._pick(small, grey, people, x, y)
        elif self._mask is not None:
            self._track(small, grey, people)
        elif not self._told:
            self._told = True
            self._log(NOBODY)
        self._grey = grey
        if self._mask is None:
            return np.zeros((height, width), np.float32)
        return guided(self._mask, image)

    # Picking.

    def _pick(
        self, small: np.ndarray, grey: np.ndarray, people: np.ndarray | None, x: int, y: int
    ) -> None:
        found = None if people is None else _part_at(people > 0.5, x, y)
        self._is_person = found is not None
        if found is None:
            found = _parted(small, self._moving(grey, x, y), x, y)
        self._begin(small, found)
        self._age = 0

    def _begin(self, small: np.ndarray, found: np.ndarray) -> None:
        self._mask = found
        self._colours = ColourModel(small, found)
        self._size, self._whole, self.lost = float(found.sum()), found, False

    def _moving(self, grey: np.ndarray, x: int, y: int) -> np.ndarray | None:
        """(h, w) bool: what moves with the point, where that moves against the rest."""
        if self._grey is None:
            return None
        flow = self._flow(grey, self._grey)
        own = flow[max(0, y - 1) : y + 2, max(0, x - 1) : x + 2].reshape(-1, 2).mean(0)
        rest = np.median(flow.reshape(-1, 2), axis=0)
        fast = float(np.hypot(*(own - rest)))
        if fast < 0.7:
            return None
        alike = np.hypot(flow[..., 0] - own[0], flow[..., 1] - own[1]) < 0.4 * fast
        return _part_at(alike, x, y)

    # Tracking.

    def _track(self, small: np.ndarray, grey: np.ndarray, people: np.ndarray | None) -> None:
        assert self._mask is not None
        assert self._grey is not None
        assert self._colours is not None
        self._age += 1
        if people is not None and not self._is_person and self._age < 30 and not self.lost:
            self._become_person(small, people)
        if self.lost:
            self._look_for(small)
            return
        moved = _moved(self._mask, self._flow(grey, self._grey))
        found = self._fitted(small, moved, people)
        seen = float(found.sum())
        if seen < GONE * self._size:
            self.lost = True
            self._log("mask/mode subject: lost; its last place is kept, and it is looked for")
            return
        self._mask = found
        if seen > 0.75 * self._size:
            self._whole = found
            self._size += 0.05 * (seen - self._size)
            self._colours.learn(small, found)

    def _become_person(self, small: np.ndarray, people: np.ndarray) -> None:
        """The network that finds people is as far, and what was picked is one of them."""
        assert self._mask is not None
        there = self._mask > 0.5
        if not there.any() or people[there].mean() < 0.7:
            return
        labels = cv2.connectedComponents((people > 0.5).astype(np.uint8))[1]
        label = np.bincount(labels[there]).argmax()
        if label:
            self._is_person = True
            self._begin(small, (labels == label).astype(np.float32))

    def _fitted(
        self, small: np.ndarray, moved: np.ndarray, people: np.ndarray | None
    ) -> np.ndarray:
        """The moved mask, fitted to the picture."""
        assert self._colours is not None
        side = 2 * GROWS + 1
        prior = cv2.blur(moved, (5, 5))
        score = (2 * prior - 1) * np.float32(SURE) + self._colours.evidence(small)
        if people is not None and self._is_person:
            score += (2 * people - 1) * np.float32(PERSON)
        found = 1 / (1 + np.exp(-cv2.blur(score, (3, 3))))
        reach = cv2.dilate((moved > 0.4).astype(np.uint8), np.ones((side, side), np.uint8))
        found = (found * reach).astype(np.float32)
        return _overlapping(found, moved)

    def _look_for(self, small: np.ndarray) -> None:
        """Find what is lost, by its colours within its shape."""
        assert self._colours is not None
        assert self._whole is not None
        left, top, wide, tall = cv2.boundingRect((self._whole > 0.5).astype(np.uint8))
        shape = np.pad(self._whole[top : top + tall, left : left + wide], 3)
        fits = cv2.blur(np.tanh(self._colours.evidence(small) / 2), (3, 3))
        if shape.shape[0] >= fits.shape[0] or shape.shape[1] >= fits.shape[1]:
            shape = shape[: fits.shape[0] - 1, : fits.shape[1] - 1]
        about = cv2.blur(shape, (7, 7)) * (shape < 0.3)
        inside, outside = (
            cv2.matchTemplate(fits, one / max(float(one.sum()), 1.0), cv2.TM_CCORR)
            for one in (shape, about.astype(np.float32))
        )
        _, best, _, (x, y) = cv2.minMaxLoc(np.minimum(inside, inside - 0.5 * outside))
        if best < FOUND:
            return
        there = np.zeros(fits.shape, np.float32)
        there[y : y + shape.shape[0], x : x + shape.shape[1]] = shape
        found = self._fitted(small, there, None)
        if found.sum() < 0.35 * self._size:
            return
        self._mask, self.lost = found, False
        self._log("mask/mode subject: found again")


def _moved(mask: np.ndarray, back: np.ndarray) -> np.ndarray:
    """A mask, (h, w) float32, where its things have come to. back: (h, w, 2), from each place to
    where it was."""
    height, width = mask.shape
    x = back[..., 0] + np.arange(width, dtype=np.float32)
    y = back[..., 1] + np.arange(height, dtype=np.float32)[:, None]
    return cv2.remap(mask, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)


def _part_at(there: np.ndarray, x: int, y: int) -> np.ndarray | None:
    """The connected part of what is true that a point lies in, (h, w) float32; None where it lies
    in none."""
    if not there[y, x]:
        return None
    labels = cv2.connectedComponents(there.astype(np.uint8))[1]
    return (labels == labels[y, x]).astype(np.float32)


def _overlapping(found: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Without the parts of a mask that were none before."""
    labels = cv2.connectedComponents((found > 0.5).astype(np.uint8))[1]
    kept = np.bincount(labels.reshape(-1), (before > 0.5).reshape(-1).astype(np.float64))
    kept[0] = 0
    real = kept > max(3.0, 0.1 * kept.max(initial=0.0))
    near = cv2.dilate(real[labels].astype(np.uint8), np.ones((3, 3), np.uint8))
    out: np.ndarray = found * near
    return out


def _parted(small: np.ndarray, moving: np.ndarray | None, x: int, y: int) -> np.ndarray:
    """What parts from its surroundings at a point, (h, w) float32."""
    height, width = small.shape[:2]
    scale = min(1.0, SMALLER / max(height, width))
    size = max(16, round(width * scale)), max(16, round(height * scale))
    picture = cv2.resize(small, size, interpolation=cv2.INTER_AREA)
    at = min(size[0] - 1, int(x * scale)), min(size[1] - 1, int(y * scale))
    marks = np.full(picture.shape[:2], cv2.GC_PR_BGD, np.uint8)
    if moving is not None:
        seed = cv2.resize(moving, size) > 0.5
    else:
        filled = np.zeros((size[1] + 2, size[0] + 2), np.uint8)
        soft = cv2.medianBlur(picture, 5)
        cv2.floodFill(soft, filled, at, (0, 0, 0), (6,) * 3, (6,) * 3, 4 | (1 << 8))
        seed = filled[1:-1, 1:-1] > 0
        if seed.mean() > 0.4:  # a wall: what is picked is near the point
            seed[:] = False
    marks[seed] = cv2.GC_PR_FGD
    cv2.circle(marks, at, max(2, size[1] // 12), int(cv2.GC_PR_FGD), -1)
    cv2.circle(marks, at, 2, int(cv2.GC_FGD), -1)
    marks[[0, -1]], marks[:, [0, -1]] = cv2.GC_BGD, cv2.GC_BGD
    marks[at[1], at[0]] = cv2.GC_FGD
    cv2.setRNGSeed(1)
    cv2.grabCut(
        picture, marks, (0, 0, 1, 1), np.zeros((1, 65)), np.zeros((1, 65)), 2, cv2.GC_INIT_WITH_MASK
    )
    found = _part_at((marks & 1) > 0, *at)
    assert found is not None
    return cv2.resize(found, (width, height), interpolation=cv2.INTER_LINEAR)
