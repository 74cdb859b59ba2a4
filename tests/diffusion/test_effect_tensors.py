"""Effects of one's own that ask for tensors."""

from __future__ import annotations

import numpy as np
import pytest

from vj.core.errors import Fault
from vj.effects.header import header_of
from vj.effects.loaded import FrameTime, LoadedEffect

HALF = """
frames = "torch"

def effect(frame, parameters, time):
    assert frame.dtype.is_floating_point and frame.shape == (4, 4, 3)
    return RETURNED
"""


def call(returned: str, frame: np.ndarray) -> np.ndarray:
    header = header_of(HALF.replace("RETURNED", returned), "mine.py")
    return LoadedEffect("mine", header)(frame, {}, FrameTime(0.0), {})


def test_a_tensor_comes_where_the_file_asks_for_one() -> None:
    frame = np.zeros((4, 4, 3), np.uint8)
    frame[0] = 255
    made = call("frame.flip(0).clamp(0, 0.5)", frame)
    assert (made[3] == 128).all()
    assert not made[:3].any()
    assert (call("frame.numpy()", frame) == frame).all()
    assert (call("frame.clone().fill_(2)", frame) == 255).all()


@pytest.mark.parametrize(
    ("returned", "told"),
    [
        ("(frame * 255).byte()", "returned uint8; float32 from 0 to 1"),
        ("frame.mean(-1)", r"returned \(4, 4\); \(4, 4, 3\)"),
        ("frame / 0", "NaN or infinite"),
        ("[frame]", "returned list; a frame"),
    ],
)
def test_what_is_no_frame_of_tensors_is_told(returned: str, told: str) -> None:
    with pytest.raises(Fault, match=told):
        call(returned, np.zeros((4, 4, 3), np.uint8))


def test_a_card_that_fails_is_a_fault_of_the_effect_alone() -> None:
    header = header_of(HALF.replace("RETURNED", "frame"), "mine.py")
    effect = LoadedEffect("mine", header, "a card that has gone")
    with pytest.raises(Fault, match=r"mine\.py: RuntimeError"):
        effect(np.zeros((4, 4, 3), np.uint8), {}, FrameTime(0.0), {})
