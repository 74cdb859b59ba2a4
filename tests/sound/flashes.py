"""Clips that flash and click together, and how far apart the two are in a recording."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np

from tests.sound.drawn_sound import click_moments, clicks, encode, sound_stream


def flashing_clip(
    path: Path, seconds: float, period: float, first: float = 0.2, fps: int = 30
) -> Path:
    """64x64, white for a fifth of a second from `first` on, every `period` seconds, with a click as
    each begins; moments are to be of whole frames."""
    moments = [first + period * number for number in range(int((seconds - first) / period + 0.999))]
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=fps, options={"g": "5", "bf": "0"})
        video.width = video.height = 64
        video.pix_fmt = "yuv420p"
        audio = sound_stream(container, "aac")
        for number in range(round(seconds * fps)):
            lit = any(-1e-6 < number / fps - moment < 0.2 - 1e-6 for moment in moments)
            picture = av.VideoFrame.from_ndarray(
                np.full((64, 64, 3), 240 if lit else 16, np.uint8), "rgb24"
            )
            picture.pts, picture.time_base = number, Fraction(1, fps)
            container.mux(video.encode(picture))
        container.mux(video.encode(None))
        encode(container, audio, clicks(moments, seconds))
    return path


def flashes_and_clicks(path: Path) -> tuple[list[float], list[float]]:
    """Seconds at which each flash, and each click, of a movie begins."""
    with av.open(str(path)) as container:
        pictures = [
            (float(frame.time or 0.0), float(frame.to_ndarray(format="gray").mean()))
            for frame in container.decode(video=0)
        ]
    with av.open(str(path)) as container:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=48_000)
        frames = list(container.decode(audio=0))
        begins = float(frames[0].time or 0.0)
        parts = [part.to_ndarray()[0] for frame in frames for part in resampler.resample(frame)]
    flashes = [moment for (_, before), (moment, now) in pairwise(pictures) if before < 100 < now]
    return flashes, [begins + moment for moment in click_moments(np.concatenate(parts))]


def apart(flashes: list[float], heard: list[float]) -> np.ndarray:
    """Seconds from each flash to the click nearest to it; positive: the click is later."""
    found = np.array(heard)
    return np.array([found[np.abs(found - flash).argmin()] - flash for flash in flashes])
