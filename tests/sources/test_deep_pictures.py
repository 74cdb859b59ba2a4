"""Pictures of ten bits and more come in the same light as those of eight."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest

from vj.sources.picture_file import bits_of_avif, decoded


def encoded_by_ffmpeg(codec: str, form: str, container: str) -> bytes:
    """Left half (200, 100, 50), right half white, in a pixel format of FFmpeg."""
    target = io.BytesIO()
    pixels = np.full((64, 96, 3), 255, np.uint8)
    pixels[:, :48] = 200, 100, 50
    with av.open(target, "w", format=container) as file:
        track: Any = file.add_stream(codec, rate=1)
        track.width, track.height, track.pix_fmt = 96, 64, form
        frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format=form)
        frame.pts, frame.time_base = 0, Fraction(1, 1)
        file.mux(track.encode(frame))
        file.mux(track.encode(None))
    return target.getvalue()


@pytest.mark.parametrize(
    ("codec", "container", "forms"),
    [
        ("jpeg2000", "image2pipe", ("yuv420p", "yuv444p10le", "yuv444p12le", "rgb48le")),
        ("libsvtav1", "avif", ("yuv420p", "yuv420p10le")),
    ],
)
def test_ten_and_twelve_bits_are_as_bright_as_eight(
    codec: str, container: str, forms: tuple[str, ...]
) -> None:
    """OpenCV leaves them in the lower bits of sixteen, nearly black."""
    for form in forms:
        found = decoded(encoded_by_ffmpeg(codec, form, container))
        assert found is not None
        assert found[32, 20].tolist() == pytest.approx([200, 100, 50], abs=4), form
        assert found[32, 80].tolist() == pytest.approx([255, 255, 255], abs=2), form


def test_the_depth_of_an_avif_is_what_its_decoder_is_told() -> None:
    for flags, bits in ((0b0000_1100, 8), (0b0100_1100, 10), (0b0110_1100, 12)):
        assert bits_of_avif(b"\0\0\0\x14av1C\x81\0" + bytes((flags, 0)) + b"mdat") == bits
