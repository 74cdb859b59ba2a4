"""OpenEXR: light becomes what a display shows, and of layers the picture is taken."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tests.sources.test_pictures import near, read
from vj.core.errors import Fault
from vj.sources.ffmpeg_picture import exr_layer
from vj.sources.image import read_picture
from vj.sources.picture_file import decoded


def exr(pixels: np.ndarray, half: bool = False, compression: str = "zip16") -> bytes:
    """(H, W, 3 or 4) float32, as FFmpeg writes it."""
    context: Any = av.CodecContext.create("exr", "w")
    context.width, context.height = pixels.shape[1], pixels.shape[0]
    form = "gbrapf32le" if pixels.shape[2] == 4 else "gbrpf32le"
    context.pix_fmt, context.time_base = form, Fraction(1, 25)
    context.options = {"format": "half" if half else "float", "compression": compression}
    frame = av.VideoFrame.from_ndarray(pixels, format=form)
    return b"".join(bytes(packet) for packet in [*context.encode(frame), *context.encode(None)])


def layered(**channels: float) -> bytes:
    """8x16, each channel of one value; `__` in a name is a dot. As the format's own description
    lays it out, not compressed (openexr.com, OpenEXR File Layout)."""
    height, width = 8, 16

    def attribute(name: str, kind: str, body: bytes) -> bytes:
        return b"\0".join((name.encode(), kind.encode(), struct.pack("<i", len(body)) + body))

    names = sorted(name.replace("__", ".") for name in channels)
    kinds = b"".join(name.encode() + b"\0" + struct.pack("<iB3xii", 2, 0, 1, 1) for name in names)
    window = struct.pack("<4i", 0, 0, width - 1, height - 1)
    head = struct.pack("<II", 20000630, 2)
    for name, kind, body in (
        ("channels", "chlist", kinds + b"\0"),
        ("compression", "compression", b"\0"),
        ("dataWindow", "box2i", window),
        ("displayWindow", "box2i", window),
        ("lineOrder", "lineOrder", b"\0"),
        ("pixelAspectRatio", "float", struct.pack("<f", 1)),
        ("screenWindowCenter", "v2f", struct.pack("<2f", 0, 0)),
        ("screenWindowWidth", "float", struct.pack("<f", 1)),
    ):
        head += attribute(name, kind, body)
    head += b"\0"
    row = b"".join(
        np.full(width, channels[name.replace(".", "__")], "<f4").tobytes() for name in names
    )
    table, lines = b"", b""
    for y in range(height):
        table += struct.pack("<Q", len(head) + 8 * height + len(lines))
        lines += struct.pack("<ii", y, len(row)) + row
    return head + table + lines


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("compression", ["none", "rle", "zip1", "zip16"])
def test_exr_is_linear_light_with_multiplied_alpha(half: bool, compression: str) -> None:
    light = np.zeros((16, 24, 4), np.float32)
    light[:, :8], light[:, 8:16], light[:, 16:] = (0.18, 0.18, 0.18, 1), (0, 0.5, 0, 0.5), 9
    found = read(exr(light, half, compression))
    wanted = [(118, 118, 118, 255), (0, 255, 0, 128), (255, 255, 255, 255)]
    assert near(found[3, [2, 10, 20]], wanted, 1)
    light[0, 0] = np.nan
    opaque = read(exr(np.ascontiguousarray(light[..., :3]), half, compression))
    assert opaque.shape == (16, 24, 3)
    assert opaque[0, 0].tolist() == [0, 0, 0]
    assert near(opaque[3, 2], (118, 118, 118), 1)


def test_a_plain_picture_has_no_layer() -> None:
    data = layered(R=1.0, G=0.18, B=0.0, Z=7.0)
    assert exr_layer(data) == ""
    assert near(read(data)[3, 3], (255, 118, 0), 1)


def test_of_layers_the_picture_is_taken() -> None:
    """As Blender writes them."""
    values = {"R": 0.5, "G": 0.09, "B": 0.0, "A": 0.5}
    combined = {f"View__Combined__{name}": value for name, value in values.items()}
    normal = {f"View__AO__{name}": 1.0 for name in "RGB"}
    data = layered(View__Depth__Z=9.0, **normal, **combined)
    assert exr_layer(data) == "View.Combined"
    assert near(read(data)[3, 3], (255, 118, 0, 128), 1)
    assert exr_layer(layered(**normal)) == "View.AO", "what there is"
    assert exr_layer(layered(View__Depth__Z=9.0)) == ""
    assert decoded(layered(View__Depth__Z=9.0)) is None


def test_grey_light_with_alpha_and_without() -> None:
    assert near(read(layered(Y=0.18))[3, 3], (118, 118, 118), 1)
    assert near(read(layered(Y=0.09, A=0.5))[3, 3], (118, 118, 118, 128), 1)


def test_of_one_that_is_cut_off_the_whole_lines_are_shown() -> None:
    data = layered(View__Combined__R=1, View__Combined__G=1, View__Combined__B=1)
    line = 8 + 3 * 16 * 4
    for length in range(4, len(data), 23):
        found = decoded(data[:length])
        whole = max(0, length - (len(data) - 8 * line)) // line
        if found is None:
            assert whole == 0
        else:
            assert found.shape == (8, 16, 3)
            assert [row.min() for row in found] == [255] * whole + [0] * (8 - whole)


def test_a_picture_of_light_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "light.exr"
    path.write_bytes(exr(np.full((16, 16, 3), 0.18, np.float32)))
    assert near(read_picture(path, "image")[4, 4], (118, 118, 118), 1)
    path.write_bytes(layered(View__Depth__Z=9.0))
    with pytest.raises(Fault, match=r"holds View\.Depth\.Z and no colours"):
        read_picture(path, "image")
