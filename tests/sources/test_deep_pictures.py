"""Pictures of ten bits and more, and of HDR, come in the same light as those of eight."""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from tests.sources.test_hdr import TO_BT2020, hlg, nits_of, planes_of, pq, scene
from vj.core.clock import FrameClock
from vj.sources import SourceSettings, make_source
from vj.sources.picture_file import bits_of_avif, decoded


def on_a_thread(work: Callable[[], Any]) -> Any:
    """SVT-AV1 gives the thread that opens it, where it is root's, a real-time priority, and it
    stays: two such workers of the tests once waited for each other for ever."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work).result()


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
        made = on_a_thread(partial(encoded_by_ffmpeg, codec, form, container))
        found = decoded(made)
        assert found is not None
        assert found[32, 20].tolist() == pytest.approx([200, 100, 50], abs=4), form
        assert found[32, 80].tolist() == pytest.approx([255, 255, 255], abs=2), form


def test_the_depth_of_an_avif_is_what_its_decoder_is_told() -> None:
    for flags, bits in ((0b0000_1100, 8), (0b0100_1100, 10), (0b0110_1100, 12)):
        assert bits_of_avif(b"\0\0\0\x14av1C\x81\0" + bytes((flags, 0)) + b"mdat") == bits


def png_of(code: np.ndarray, transfer: int, alpha: int | None = None) -> bytes:
    """A PNG of 16 bits whose `cICP` names BT.2020 and a transfer. code: R'G'B', 0..1."""
    pixels = np.rint(65535 * code).astype(np.uint16)[..., ::-1]
    if alpha is not None:
        pixels = np.dstack([pixels, np.full(pixels.shape[:2], 257 * alpha, np.uint16)])
    stored = cv2.imencode(".png", pixels)[1].tobytes()
    chunk = b"cICP" + bytes((9, transfer, 0, 1))
    named = struct.pack(">I", 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return stored[:33] + named + stored[33:]


@pytest.mark.parametrize(("curve", "transfer"), [(pq, 16), (hlg, 18)])
@pytest.mark.parametrize("alpha", [None, 100])
def test_an_hdr_png_looks_like_the_sdr_of_its_scene(
    curve: Callable[[np.ndarray], np.ndarray], transfer: int, alpha: int | None
) -> None:
    code = curve(nits_of(scene()) @ TO_BT2020.T)
    found = decoded(png_of(code, transfer, alpha))
    assert found is not None
    assert found.shape[2] == (3 if alpha is None else 4)
    assert alpha is None or (found[..., 3] == alpha).all()
    assert np.abs(found[..., :3].astype(int) - scene()).max() <= 1


def write_night(target: Path) -> None:
    """The drawn scene as an AVIF of ten bits in PQ."""
    with av.open(str(target), "w", format="avif") as file:
        track: Any = file.add_stream("libsvtav1", rate=1, options={"crf": "5"})
        track.width, track.height, track.pix_fmt = 128, 72, "yuv420p10le"
        context = track.codec_context
        context.color_primaries = context.colorspace = 9
        context.color_trc = 16
        frame = av.VideoFrame(128, 72, "yuv420p10le")
        for plane, part in zip(
            frame.planes, planes_of(pq(nits_of(scene()) @ TO_BT2020.T)), strict=True
        ):
            step = part.shape[0] // plane.height
            rows = np.zeros((plane.height, plane.line_size // 2), np.uint16)
            rows[:, : plane.width] = part[::step, ::step]
            plane.update(rows.tobytes())
        frame.pts, frame.time_base, frame.color_trc = 0, Fraction(1, 1), 16
        frame.color_primaries = frame.colorspace = 9
        file.mux(track.encode(frame))
        file.mux(track.encode(None))


def test_an_hdr_avif_does_too(tmp_path: Path) -> None:
    target = tmp_path / "night.avif"
    on_a_thread(lambda: write_night(target))
    if hasattr(os, "sched_getscheduler"):
        assert os.sched_getscheduler(0) == os.SCHED_OTHER
    said: list[str] = []
    source = make_source(f"image:{target}", SourceSettings(FrameClock(30), log=said.append))
    source.open()
    source.open()
    shown = source.read()
    assert shown is not None
    assert np.abs(shown.pixels.astype(int) - scene()).mean() < 2
    assert said == [f"image:{target}: is HDR; shown as SDR, with 203 nits for white"]
