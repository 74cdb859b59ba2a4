"""Frames through shared memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from vj.display.frame_memory import FrameMemory


@pytest.fixture
def ends() -> Iterator[tuple[FrameMemory, FrameMemory]]:
    """The writer's and the reader's, in one process."""
    writer = FrameMemory.create(64 * 48)
    reader = FrameMemory(writer._memory, writer.capacity, False)
    yield writer, reader
    reader._newest, reader._heads, reader._pixels = np.zeros(1, np.int64), [], []
    writer.close()


def flat(value: int, height: int = 48, width: int = 64, channels: int = 3) -> np.ndarray:
    return np.full((height, width, channels), value, np.uint8)


def test_the_newest_frame_counts(ends: tuple[FrameMemory, FrameMemory]) -> None:
    writer, reader = ends
    assert reader.newest(0) is None
    for value in (1, 2, 3, 4):
        writer.put(flat(value))
    found = reader.newest(0)
    assert found is not None
    number, pixels, _ = found
    assert (number, pixels.shape) == (4, (48, 64, 4))
    assert pixels[..., :3].min() == pixels[..., :3].max() == 4
    assert (pixels[..., 3] == 255).all()
    assert reader.newest(4) is None


def test_frames_change_size_and_have_alpha(ends: tuple[FrameMemory, FrameMemory]) -> None:
    writer, reader = ends
    assert writer.holds(48, 64)
    assert not writer.holds(49, 64)
    writer.put(flat(9, 20, 30, 4))
    found = reader.newest(0)
    assert found is not None
    assert found[1].shape == (20, 30, 4)
    assert (found[1] == 9).all()


def test_a_frame_that_was_written_over_while_it_was_read_is_known(
    ends: tuple[FrameMemory, FrameMemory],
) -> None:
    writer, reader = ends
    writer.put(flat(1))
    found = reader.newest(0)
    assert found is not None
    number, pixels, _ = found
    writer.put(flat(2))
    assert reader.intact(number), "one more lies elsewhere"
    assert (pixels[..., 0] == 1).all()
    writer.put(flat(3))
    assert not reader.intact(number), "the next may be under way"
    writer.put(flat(4))
    assert (pixels[..., 0] == 4).all()
