"""How a translator became better, to be looked at: held-out frames as it painted them at each
judgement, in small JPEGs beside the training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from vj.training.checkpoint import write_whole

INPUT, TRUTH = "input", "truth"
"""The names of the strips that stay the same."""
MOST = 40
"""Judgements that are kept."""
SIDE, QUALITY = 256, 88
"""Of a picture: pixels at most; of JPEG, 1 to 100."""


class History:
    """A folder of strips, each the same frames side by side: `input.jpg`, `truth.jpg`, and of the
    judgement after 120 steps `120.jpg`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def begin(self, inputs: Sequence[np.ndarray], truth: Sequence[np.ndarray]) -> None:
        """Write what it is judged by: pictures (H, W, 3) uint8, RGB. Raises OSError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for name, pictures in ((INPUT, inputs), (TRUTH, truth)):
            write_whole(self.folder / f"{name}.jpg", strip(pictures))

    def add(self, step: int, paintings: Sequence[np.ndarray]) -> None:
        """Keep what was painted after so many steps. What a process that was killed had painted
        later than that goes, and of too many the one that is missed least. Raises OSError."""
        write_whole(self.folder / f"{step}.jpg", strip(paintings))
        steps = self.steps()
        kept = spread([one for one in steps if one <= step], MOST)
        for one in set(steps) - set(kept):
            (self.folder / f"{one}.jpg").unlink(missing_ok=True)

    def steps(self) -> list[int]:
        """Those of which there is a strip, in order."""
        found = (path.stem for path in self.folder.glob("*.jpg"))
        return sorted(int(stem) for stem in found if stem.isdecimal())

    def read(self, name: str) -> bytes | None:
        """`input`, `truth` or a number of steps as JPEG; None where there is none."""
        if name not in (INPUT, TRUTH) and not (name.isascii() and name.isdecimal()):
            return None
        try:
            return (self.folder / f"{name}.jpg").read_bytes()
        except OSError:
            return None


def spread(steps: Sequence[int], most: int) -> list[int]:
    """At most so many of some steps, the first and the last among them, about evenly apart."""
    kept = list(steps)
    while len(kept) > max(2, most):
        gaps = [after - before for before, after in zip(kept, kept[2:], strict=False)]
        del kept[1 + int(np.argmin(gaps))]
    return kept


def strip(pictures: Sequence[np.ndarray]) -> bytes:
    """Pictures (H, W, 3) uint8 of one size, RGB -> JPEG of them side by side."""
    side = pictures[0].shape[0]
    if side > SIDE:
        pictures = [cv2.resize(one, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for one in pictures]
    row = cv2.cvtColor(np.hstack(list(pictures)), cv2.COLOR_RGB2BGR)
    _, content = cv2.imencode(".jpg", row, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return content.tobytes()
