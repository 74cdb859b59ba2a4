"""Sound that tests draw: clicks in a soft tone, and files of it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np


def clicks(
    moments: Sequence[float], seconds: float, rate: int = 48_000, width: int = 1
) -> np.ndarray:
    """(n,) float32: `width` samples near full scale from each moment on, over a tone of 330 Hz."""
    sound = 0.05 * np.sin(2 * np.pi * 330 * np.arange(round(seconds * rate)) / rate)
    for moment in moments:
        first = round(moment * rate)
        sound[first : first + width] = 0.9
    return sound.astype(np.float32)


def write_sound(
    path: Path,
    sound: np.ndarray,
    codec: str,
    rate: int = 48_000,
    layout: str = "mono",
    begins: float = 0.0,
) -> Path:
    """sound: (n,), in each channel, or (channels, n). begins: seconds after the beginning."""
    with av.open(str(path), "w") as container:
        stream = sound_stream(container, codec, rate, layout)
        encode(container, stream, sound, begins)
    return path


def sound_stream(
    container: Any, codec: str, rate: int = 48_000, layout: str = "mono"
) -> av.AudioStream:
    """To be added beside the other streams, before anything is written."""
    stream = container.add_stream(codec, rate=rate)
    stream.codec_context.layout = layout
    return stream


def encode(
    container: Any, stream: Any, sound: np.ndarray, begins: float = 0.0, flush: bool = True
) -> None:
    """Write all of a sound into a stream."""
    context = stream.codec_context
    layout, rate = context.layout, stream.rate
    shape = (layout.nb_channels, sound.shape[-1])
    planes = np.ascontiguousarray(np.broadcast_to(sound, shape), np.float32)
    frame = av.AudioFrame.from_ndarray(planes, format="fltp", layout=layout.name)
    frame.rate, frame.pts, frame.time_base = rate, round(begins * rate), Fraction(1, rate)
    context.open(strict=False)
    sizes = av.AudioResampler(context.format.name, layout.name, rate, context.frame_size or 4096)
    for part in [*sizes.resample(frame), *sizes.resample(None)]:
        container.mux(stream.encode(part))
    if flush:
        container.mux(stream.encode(None))


def click_moments(sound: np.ndarray, rate: int = 48_000) -> list[float]:
    """Seconds at which there are clicks in (n, 2) or (n,)."""
    loud = np.abs(sound if sound.ndim == 1 else sound[:, 0])
    found = np.flatnonzero(loud > 0.35)
    groups = np.split(found, np.flatnonzero(np.diff(found) > rate // 50) + 1) if len(found) else []
    return [(int(group[np.argmax(loud[group])])) / rate for group in groups]
