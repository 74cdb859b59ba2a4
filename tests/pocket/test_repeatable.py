"""The same frame gives the same bytes, wherever its arrays lie in memory: offline renders rely on
it. OpenCV's magnitude, for one, does not: it takes another way when its arrays begin elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from vj.kernels.numpy_field import Field
from vj.pocket.patterns import draw
from vj.pocket.techniques import TECHNIQUES
from vj.pocket.techniques.subject import Subject

SIDE = 96


def placed(array: np.ndarray, offset: int) -> np.ndarray:
    """A copy that begins `offset` bytes after a multiple of 64."""
    room = np.empty(array.nbytes + 128, np.uint8)
    begin = -room.ctypes.data % 64 + offset
    copy = room[begin : begin + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy


@pytest.mark.parametrize("name", [*TECHNIQUES])
def test_a_technique_draws_the_same_wherever_its_arrays_lie(name: str) -> None:
    rng = np.random.default_rng(7)
    image = rng.random((SIDE, SIDE, 3), np.float32)
    texture, along_x, along_y = rng.standard_normal((3, SIDE, SIDE), np.float32)
    patterns = draw(rng.standard_normal((SIDE, SIDE), np.float32), SIDE / 256, 1.0)
    drawn = set()
    for offset in (0, 4, 16, 36):
        planes = (placed(plane, offset) for plane in (texture, 0.5 * along_x, 0.5 * along_y))
        subject = Subject(placed(image, offset), Field(*planes), placed(patterns, offset), 0.5)
        drawn.add(TECHNIQUES[name](subject).tone.tobytes())
    assert len(drawn) == 1
