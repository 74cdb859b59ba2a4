"""Audio features (level, low, mid, high, onset) of an audio input or an audio file."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vj.core.errors import Fault, Unavailable
from vj.core.media_file import opened

RATE = 48_000
WINDOW = 2048
"""Samples of an analysis window, 43 ms."""
HOP = 512
BANDS = {"low": (30.0, 200.0), "mid": (200.0, 2000.0), "high": (2000.0, 12_000.0)}
AUDIO_FEATURES = ("level", *BANDS, "onset")
FULL_SCALE = 12.0
"""The rise of the spectrum (summed square roots of amplitudes) that counts as an onset of 1."""

_HANN = np.hanning(WINDOW).astype(np.float32)
_FREQUENCIES = np.fft.rfftfreq(WINDOW, 1 / RATE)


MOST_HOPS = 24
"""Hops between two frames that are analysed, a quarter of a second; after a longer gap only the
newest is."""


def _spectrum(samples: np.ndarray) -> np.ndarray:
    """Amplitudes of (WINDOW,) samples; a sine of amplitude 1 gives a peak of 1."""
    found: np.ndarray = np.abs(np.fft.rfft(samples * _HANN)) * (2 / _HANN.sum())
    return found


def features(samples: np.ndarray, before: np.ndarray) -> dict[str, float]:
    """The features of (WINDOW,) samples in -1..1. before: those a HOP earlier, for the onset. All
    roughly 0..1."""
    return _features(samples, _spectrum(samples), _spectrum(before))


def _features(samples: np.ndarray, now: np.ndarray, then: np.ndarray) -> dict[str, float]:
    found = {"level": float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)) * np.sqrt(2))}
    for name, (low, high) in BANDS.items():
        band = now[(low <= _FREQUENCIES) & (high > _FREQUENCIES)]
        found[name] = float(
            np.sqrt(np.sum(band.astype(np.float64) ** 2) / 1.5)
        )  # 1.5: the Hann window's own width
    rise = np.maximum(0, np.sqrt(now) - np.sqrt(then)).sum()
    found["onset"] = float(min(1.0, rise / FULL_SCALE))
    return found


class Hops:
    """Features of successive hops. Several lie between two frames, and the maximum of each feature
    counts: a kick drum lasts less than two."""

    def __init__(self) -> None:
        self._number: int | None = None
        self._then: np.ndarray | None = None
        self.loudest = dict.fromkeys(AUDIO_FEATURES, 0.0)

    def loudest_since(self, newest: int, window: Callable[[int], np.ndarray]) -> dict[str, float]:
        """The maximum of each feature since the last call. newest: the number of the newest hop.
        window: (WINDOW,) samples up to the end of a hop, by its number."""
        last = self._number
        if newest == last:
            return self.loudest
        goes_on = last is not None and 0 < newest - last <= MOST_HOPS
        first = last + 1 if goes_on and last is not None else newest
        then = self._then if goes_on and self._then is not None else _spectrum(window(first - 1))
        found = []
        for number in range(first, newest + 1):
            samples = window(number)
            now = _spectrum(samples)
            found.append(_features(samples, now, then))
            then = now
        self._number, self._then = newest, then
        self.loudest = {name: max(one[name] for one in found) for name in AUDIO_FEATURES}
        return self.loudest


class AudioFile:
    """An audio file, or the audio of a clip, analysed at the frame's time, so that offline renders
    repeat exactly. Loops."""

    def __init__(self, path: Path) -> None:
        """Raises Fault for a file without audio."""
        import av

        parts: list[np.ndarray] = []
        try:
            with opened(path) as container:
                if not container.streams.audio:
                    raise Fault(f"audio {path}: has no sound")
                resampler = av.AudioResampler(format="fltp", layout="mono", rate=RATE)
                for frame in container.decode(audio=0):
                    parts += [piece.to_ndarray()[0] for piece in resampler.resample(frame)]
        except (OSError, av.FFmpegError) as error:
            raise Fault(
                f"audio {path}: cannot be read ({getattr(error, 'strerror', None) or error})"
            ) from None
        if not parts:
            raise Fault(f"audio {path}: has no sound")
        self._samples = np.concatenate(parts).astype(np.float32)
        self._hops = Hops()

    def _window(self, number: int) -> np.ndarray:
        end = number * HOP
        return self._samples.take(np.arange(end - WINDOW, end), mode="wrap")

    def level(self, band: str, time: float) -> float:
        return self._hops.loudest_since(int(time * RATE) // HOP, self._window)[band]

    def close(self) -> None:
        """Nothing to close."""


class NewestHops:
    """The features of sound that comes hop by hop, on another thread or on this one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._blocks: deque[np.ndarray] = deque(maxlen=WINDOW // HOP + MOST_HOPS + 2)
        self._serial = 0
        self._hops = Hops()
        self._frame = -1.0, dict.fromkeys(AUDIO_FEATURES, 0.0)

    def put(self, block: np.ndarray) -> None:
        """The next hop, (HOP,) float32, which nobody writes into any more."""
        with self._lock:
            self._blocks.append(block)
            self._serial += 1

    def level(self, band: str, time: float) -> float:
        """Of what has come since the frame before. time: of the frame."""
        if time == self._frame[0]:  # all followers of a frame get the same analysis
            return self._frame[1][band]
        with self._lock:
            serial, blocks = self._serial, list(self._blocks)
        if len(blocks) < WINDOW // HOP + 1:
            return 0.0

        def window(number: int) -> np.ndarray:
            end = max(WINDOW // HOP, len(blocks) - (serial - number))
            return np.concatenate(blocks[end - WINDOW // HOP : end])

        self._frame = time, self._hops.loudest_since(serial, window)
        return self._frame[1][band]


class SourceSound(NewestHops):
    """The sound of what is on the decks: `input: source`. Somebody who knows it lets it be heard;
    live as it comes, offline that of the frame before."""

    def __init__(self) -> None:
        super().__init__()
        self._rest = np.empty(0, np.float32)
        self._asked = False

    def hear(self, samples: np.ndarray) -> None:
        """What follows: (n, 2) float32. From one thread."""
        mono = np.concatenate([self._rest, samples.mean(axis=1, dtype=np.float32)])
        whole = len(mono) // HOP * HOP
        for at in range(0, whole, HOP):
            self.put(mono[at : at + HOP])
        self._rest = mono[whole:]

    def level(self, band: str, time: float) -> float:
        self._asked = True
        return super().level(band, time)

    def is_wanted(self) -> bool:
        """Whether somebody has listened since this was asked last."""
        asked, self._asked = self._asked, False
        return asked

    def close(self) -> None:
        """It goes on: the decks are another's."""


Sound = Callable[[np.ndarray, float], None]
"""(a block of an input, (n, 1 or 2) float32, which is only lent; seconds since it began)."""


class AudioInput(NewestHops):
    """A live audio input. device: a part of its name, "" for the system's default."""

    def __init__(self, device: str) -> None:
        """Raises Unavailable when there is no such input, or no sounddevice."""
        try:
            import sounddevice
        except (ImportError, OSError) as error:  # OSError: PortAudio itself is missing
            raise Unavailable(
                f"audio input: sounddevice cannot be used ({error}); install it with "
                ".venv/bin/pip install sounddevice"
                " (on Linux also the system's libportaudio2), or name an audio file"
            ) from None
        super().__init__()
        self.on_sound: Sound | None = None
        """Gets every block, on the driver's thread; must not block."""
        for channels in (2, 1):
            try:
                self._stream: Any = sounddevice.InputStream(
                    samplerate=RATE,
                    blocksize=HOP,
                    channels=channels,
                    dtype="float32",
                    device=device or None,
                    callback=self._on_block,
                )
                self._stream.start()
                break
            except Exception as error:  # PortAudio's own class, ValueError for an unknown device
                if channels == 1:
                    raise Unavailable(f"audio input {device or '(default)'}: {error}") from None

    def _on_block(self, block: np.ndarray, frames: int, moment: Any, status: object) -> None:
        self.put(block[:, 0].copy())
        if self.on_sound is not None:
            age = 0.0 if moment is None else moment.currentTime - moment.inputBufferAdcTime
            self.on_sound(block, age if 0 < age < 1 else frames / RATE)

    def close(self) -> None:
        self._stream.stop()
        self._stream.close()


class Silence:
    """Stands in for an input that cannot be opened."""

    def level(self, band: str, time: float) -> float:
        return 0.0

    def close(self) -> None:
        """Nothing to close."""
