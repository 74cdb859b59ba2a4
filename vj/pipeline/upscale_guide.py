"""The real input's luma for upscaling what was painted of it: as much of it as is sent, at the
size that is sent."""

from __future__ import annotations

import math

import cv2
import numpy as np

from vj.core.frame import Guide, Size
from vj.kernels.numpy_guided import fade
from vj.pipeline.preprocess import Fit, crop_to, over_black, part_of, placed

WORTH = 1.1
"""So many times finer than the generated image an input has to be to have something to show."""


def worth(came: Size, painted: Size, fit: Fit, zoom: float = 1.0) -> bool:
    """The input has edges that the painted size cannot hold. zoom: how much closer it is looked
    at."""
    cut, inner = placed(came, painted, fit)
    return cut.width >= WORTH * inner.width * zoom


class RealInput:
    """Makes guides ready for one output. Belongs to one thread."""

    def __init__(self, wanted: Size) -> None:
        self._wanted = wanted
        self._known: tuple[np.ndarray, object, np.ndarray] | None = None
        """The pixels and the view that were made ready last, and their luma."""
        column, row = np.arange(wanted.width), np.arange(wanted.height)
        self._places = [p.astype(np.float32) for p in np.meshgrid(column, row)]
        self._from = np.empty((2, wanted.height, wanted.width), np.float32)

    def lumas(self, guide: Guide) -> tuple[np.ndarray, np.ndarray]:
        """The part that is sent: luma at the painted size, (h, w), and at the output's, (H, W),
        both uint8. Pictures of the same input cost a look only."""
        small = crop_to(cv2.cvtColor(guide.image, cv2.COLOR_RGB2GRAY), self._wanted)
        known = self._known
        if known is None or known[0] is not guide.pixels or known[1] != guide.view:
            known = self._known = guide.pixels, guide.view, self._large(guide)
        large = known[2]
        if guide.flow is not None and guide.share > 0:
            return self._moved(small, large, guide)
        return small, large

    def _large(self, guide: Guide) -> np.ndarray:
        """Exact to half a pixel of the output."""
        if guide.view is not None:
            pixels = over_black(guide.pixels) if guide.pixels.shape[2] == 4 else guide.pixels
            return guide.view(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), self._wanted)
        height, width = guide.pixels.shape[:2]
        painted, wanted = Size(guide.image.shape[1], guide.image.shape[0]), self._wanted
        cut, inner = placed(Size(width, height), painted, "pad" if guide.fit == "pad" else "crop")
        part = part_of(painted, wanted)
        across = _Axis(
            cut.left, cut.width, inner.left, inner.width, part.left, part.width, wanted.width
        )
        down = _Axis(
            cut.top, cut.height, inner.top, inner.height, part.top, part.height, wanted.height
        )
        seen = guide.pixels[down.first : down.last, across.first : across.last]
        if seen.shape[2] == 4:
            seen = over_black(np.ascontiguousarray(seen))
        how = cv2.INTER_AREA if across.step > 1 else cv2.INTER_CUBIC
        light = cv2.cvtColor(seen, cv2.COLOR_RGB2GRAY)
        light = cv2.resize(
            light, (across.end - across.start, down.end - down.start), interpolation=how
        )
        rows = slice(max(0, down.start), min(wanted.height, down.end))
        columns = slice(max(0, across.start), min(wanted.width, across.end))
        light = light[rows.start - down.start : rows.stop - down.start]
        light = light[:, columns.start - across.start : columns.stop - across.start]
        if light.shape == (wanted.height, wanted.width):
            return light
        out = np.zeros((wanted.height, wanted.width), np.uint8)  # fit: pad, black beside it
        out[rows, columns] = light
        return out

    def _moved(
        self, small: np.ndarray, large: np.ndarray, guide: Guide
    ) -> tuple[np.ndarray, np.ndarray]:
        """Both moved on as the generated image was."""
        assert guide.flow is not None
        way = cv2.resize(guide.flow, guide.image.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        way = crop_to(way, self._wanted)
        step = way[..., :2] * (way[..., 2:] * np.float32(guide.share))
        height, width = small.shape
        column, row = np.meshgrid(*(np.arange(n, dtype=np.float32) for n in (width, height)))
        moved = _seen(small, column + step[..., 0], row + step[..., 1])
        step *= np.float32(self._wanted.width / width)
        for axis in range(2):
            only = np.ascontiguousarray(step[..., axis])
            cv2.resize(only, self._wanted, dst=self._from[axis], interpolation=cv2.INTER_LINEAR)
            cv2.add(self._from[axis], self._places[axis], dst=self._from[axis])
        return moved, _seen(large, *self._from)


class GuideReader:
    """What a guide has to give to a picture on its way to one size. Belongs to one thread."""

    def __init__(self, wanted: Size) -> None:
        self._input = RealInput(wanted)
        self._wanted = wanted

    def of(
        self, guide: Guide | None
    ) -> tuple[np.ndarray, np.ndarray, float, np.ndarray | None] | None:
        """Luma at the painted and at the wanted size, the strength, and the mask; None where
        nothing is to be gained."""
        if guide is None or (fade(guide.strength) == 0 and guide.mask is None):
            return None
        return (
            *self._input.lumas(guide),
            guide.strength,
            None if guide.mask is None else crop_to(guide.mask, self._wanted),
        )


class _Axis:
    """One axis of the way from the input to the output: pixels `first` to `last` of the input are
    resized to those from `start` to `end` of the output, which may reach beyond it."""

    def __init__(
        self,
        cut: int,
        cut_size: int,
        inner: int,
        inner_size: int,
        part: int,
        part_size: int,
        out: int,
    ) -> None:
        scale = cut_size / inner_size
        self.step = part_size / out * scale
        begin = cut + (part - inner) * scale
        self.first = max(cut, math.floor(begin + 1e-6))
        self.last = min(cut + cut_size, math.ceil(begin + self.step * out - 1e-6))
        self.start, self.end = (
            round((self.first - begin) / self.step),
            round((self.last - begin) / self.step),
        )


def _seen(picture: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    out: np.ndarray = cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    return out
