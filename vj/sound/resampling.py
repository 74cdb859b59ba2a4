"""Sound of any rate, format and number of channels as ours, by FFmpeg's resampler."""

from __future__ import annotations

from typing import Any

import numpy as np

from vj.sound import CHANNELS, RATE

WITHOUT_CLIPPING = {"rematrix_maxval": "1"}
"""Surround becomes stereo at such a level that no sample passes full scale."""


def resampler(frame: Any) -> Any:
    """An `av.AudioResampler` for what begins with this frame; its frames go through
    `samples_of`."""
    import av

    layout = "mono" if frame.layout.nb_channels == 1 else "stereo"
    return av.AudioResampler("flt", layout, RATE, options=WITHOUT_CLIPPING)


def samples_of(frame: Any) -> np.ndarray:
    """A resampled frame: (n, 2) float32. Mono is as loud on both sides; FFmpeg would make it
    quieter by 3 dB. What is no number is 0: no encoder takes it."""
    samples: np.ndarray = frame.to_ndarray().reshape(-1, frame.layout.nb_channels)
    samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
    return np.repeat(samples, CHANNELS, axis=1) if samples.shape[1] == 1 else samples


def silence_like(frame: Any, samples: int) -> Any:
    """Like a frame, but silent, and `samples` long."""
    import av

    silent = av.AudioFrame(frame.format.name, frame.layout.name, samples)
    silent.rate, silent.time_base, silent.pts = frame.rate, frame.time_base, frame.pts
    middle = b"\x80" if frame.format.name.startswith("u8") else b"\0"
    for plane in silent.planes:
        plane.update(middle * plane.buffer_size)
    return silent
