"""The fast CPU path paints the picture of the readable one, and looks after its buffers."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from vj.core.kinds import BLEND_MODES
from vj.kernels import cv_ops, numpy_ops
from vj.kernels.settings import NEUTRAL, BlendSettings, colour_matrix, feedback_matrix


def noise(height: int, width: int, seed: int, soft: bool = False) -> np.ndarray:
    """float32 0..1; `soft` is blurred as camera pictures are."""
    picture = np.random.default_rng(seed).random((height, width, 3), dtype=np.float32)
    if soft:
        picture = cv2.GaussianBlur(picture, (0, 0), 3)
        picture = (picture - picture.min()) / np.ptp(picture)
    return picture


def as_bytes(picture: np.ndarray) -> np.ndarray:
    return (picture * 255 + 0.5).astype(np.uint8)


def random_settings(rng: np.random.Generator, mode: str) -> BlendSettings:
    colour = colour_matrix(
        rng.uniform(-1, 1), rng.uniform(0, 2), rng.uniform(0, 2), rng.uniform(-180, 180)
    )
    return BlendSettings(
        rng.choice([0, 0.5, 0.99]),
        rng.choice([0, 0.8, 1]),
        rng.choice([0, 0.4, 1]),
        mode,
        NEUTRAL if rng.random() < 0.5 else colour,
    )


def random_flow(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """A flow of half the size or so, some pixels long, surer here than there."""
    grid = rng.uniform((-6, -6, 0), (6, 6, 1), (max(1, height // 2), max(1, width // 2), 3))
    return grid.astype(np.float32)


@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("size", [(64, 64), (37, 53), (40, 200), (17, 16)])
def test_the_fast_path_paints_the_readable_one(
    size: tuple[int, int], soft: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within one level in any setting, on camera-like pictures and on noise.

    OpenCV 5 gathers with exact fractions. OpenCV 4 rounds them to 1/32 pixel, which on noise alone
    is more than two levels.
    """
    height, width = size
    rng = np.random.default_rng(height)
    monkeypatch.setattr(cv_ops, "STRIP_BYTES", 12 * 8 * width)  # strips of eight rows
    fast = cv_ops.Blender(height, width)
    for turn in range(8):
        image, last, painted = (
            as_bytes(noise(*size, turn, soft)),
            noise(*size, turn + 50, soft),
            noise(*size, turn + 90, soft) * 1.2 - 0.1,
        )
        shift = rng.uniform(-0.25, 0.25, 2)
        matrix = feedback_matrix(
            width, height, rng.uniform(0.8, 1.25), rng.uniform(-45, 45), *shift
        )
        amount = rng.uniform(0, 0.95)
        flow = random_flow(rng, *size) if turn % 2 else None
        gain = (rng.choice([1, rng.uniform(0.75, 1.4)]), rng.uniform(0.2, 0.8))
        truth = numpy_ops.feedback(image, last, matrix, amount, False, flow, *gain)
        assert (
            np.abs(fast.feedback(image, last, matrix, amount, False, flow, *gain) - truth).max()
            < 0.001
        )
        assert (
            np.abs(
                fast.feedback(image, last, matrix, amount, True, flow, *gain) - 255 * truth
            ).max()
            < 1
        )
        for mode in BLEND_MODES:
            settings = random_settings(rng, mode)
            for source in (painted, as_bytes(np.clip(painted, 0, 1))):
                mask = (
                    as_bytes(noise(*size, turn + 7, soft)[..., 0]) if rng.random() < 0.5 else None
                )
                out, state = numpy_ops.blend(source, last, image, settings, flow, mask)
                fast_out, fast_state = fast.blend(source, last, image, settings, flow, mask)
                assert (fast_out.dtype, fast_state.dtype) == (np.uint8, np.float32)
                assert np.abs(fast_out.astype(int) - out).max() <= 1, settings
                assert np.abs(fast_state - state).max() < (1e-5 if flow is None else 3e-4), settings
        assert (
            np.abs(cv_ops.sharpen(image, 0.7).astype(int) - numpy_ops.sharpen(image, 0.7)).max()
            <= 1
        )


def test_a_chain_of_frames_stays_with_the_readable_one_whatever_is_switched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What the fast path keeps between its calls must not outlive the picture it was made of."""
    rng = np.random.default_rng(11)
    monkeypatch.setattr(cv_ops, "STRIP_BYTES", 12 * 8 * 48)
    fast = cv_ops.Blender(40, 48)
    truth = state = None
    for turn in range(60):
        image, painted = as_bytes(noise(40, 48, turn, True)), noise(40, 48, turn + 500, True)
        matrix = feedback_matrix(48, 40, rng.choice([1, 1.1]))
        flow = random_flow(rng, 40, 48) if rng.random() < 0.5 else None
        amount, settings = rng.choice([0, 0.6]), BlendSettings(rng.choice([0, 0.7]), 0.3)
        fed = (
            fast.feedback(image, state, matrix, amount, False, flow),
            numpy_ops.feedback(image, truth, matrix, amount, False, flow),
        )
        assert np.abs(fed[0] - fed[1]).max() < 0.002, turn
        truth = numpy_ops.blend(painted, truth, image, settings, flow)[1]
        state = fast.blend(painted, state, image, settings, flow)[1]
        assert np.abs(state - truth).max() < 0.002, turn


def test_the_fast_path_writes_into_nobodys_picture() -> None:
    """Sinks keep what they were given, and the last state is still whole while the next is made."""
    fast, image, last, kept = cv_ops.Blender(16, 24), as_bytes(noise(16, 24, 1)), None, []
    for turn in range(6):
        before = None if last is None else last.copy()
        painted = noise(16, 24, turn)
        fed = fast.feedback(image, last, feedback_matrix(24, 16, 1.1), 0.3, True)
        source = fed if turn % 2 else painted
        old = last
        settings = BlendSettings(
            0 if turn == 3 else 0.5, 0.5, colour=NEUTRAL if turn % 3 else colour_matrix(0.1)
        )
        out, last = fast.blend(source, last, image, settings)
        assert old is None or np.array_equal(old, before)
        kept.append((out, out.copy()))
    assert all(np.array_equal(out, copy) for out, copy in kept)


def test_idle_settings_cost_nothing_in_the_fast_path() -> None:
    fast, image = cv_ops.Blender(16, 16), as_bytes(noise(16, 16, 1))
    painted = as_bytes(noise(16, 16, 2))
    assert fast.feedback(image, noise(16, 16, 3), feedback_matrix(16, 16), 0, True) is image
    assert fast.blend(painted, noise(16, 16, 3), image, BlendSettings())[0] is painted
    assert fast.blend(painted, noise(16, 16, 3), image, BlendSettings(wet=0))[0] is image


@pytest.mark.parametrize(
    "wrong",
    [np.zeros((16, 17, 3), np.float32), np.zeros((16, 16, 3)), np.zeros((3, 16, 16), np.float32)],
)
def test_a_generated_image_that_does_not_fit_is_refused(wrong: np.ndarray) -> None:
    with pytest.raises(
        ValueError, match=r"painted: .* came, \(16, 16, 3\) float32 or uint8 would be right"
    ):
        cv_ops.Blender(16, 16).blend(wrong, None, np.zeros((16, 16, 3), np.uint8), BlendSettings())
