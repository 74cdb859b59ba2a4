"""Pictures of every make come as they are to be seen: upright, with their transparency, in 8
bits."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from vj.core.clock import FrameClock
from vj.core.errors import Fault
from vj.sources import SourceSettings, make_source
from vj.sources.picture_file import decoded, moves, orientation_of_avif, straight, turned

CORNERS = {(0, 0): (255, 0, 0), (0, 1): (0, 255, 0), (1, 0): (0, 0, 255), (1, 1): (255, 255, 0)}
SEEN = {
    1: ((0, 0), (0, 1), (1, 0), (1, 1)),
    2: ((0, 1), (0, 0), (1, 1), (1, 0)),
    3: ((1, 1), (1, 0), (0, 1), (0, 0)),
    4: ((1, 0), (1, 1), (0, 0), (0, 1)),
    5: ((0, 0), (1, 0), (0, 1), (1, 1)),
    6: ((1, 0), (0, 0), (1, 1), (0, 1)),
    7: ((1, 1), (0, 1), (1, 0), (0, 0)),
    8: ((0, 1), (1, 1), (0, 0), (1, 0)),
}
"""By EXIF 2.3, 4.6.4: which stored quarter is seen at the upper left, upper right, lower left and
lower right."""


def quarters(alpha: bool) -> np.ndarray:
    """32 wide, 24 high; the lower left quarter is transparent to a half."""
    pixels = np.zeros((24, 32, 4), np.uint8)
    for (down, across), colour in CORNERS.items():
        part = pixels[12 * down : 12 * down + 12, 16 * across : 16 * across + 16]
        part[:] = (*colour, 128 if (down, across) == (1, 0) else 255)
    return pixels if alpha else np.ascontiguousarray(pixels[..., :3])


def exif(orientation: int, order: str = ">") -> bytes:
    mark = b"MM\x00*" if order == ">" else b"II*\x00"
    entry = struct.pack(order + "HHIHH", 0x112, 3, 1, orientation, 0)
    return mark + struct.pack(order + "IH", 8, 1) + entry + b"\0\0\0\0"


def by_opencv(ending: str, pixels: np.ndarray, orientation: int = 1) -> bytes:
    order = [2, 1, 0, 3][: pixels.shape[2]]
    written = np.frombuffer(exif(orientation), np.uint8)
    lossless = [cv2.IMWRITE_WEBP_QUALITY, 101] if ending == ".webp" else []
    kinds, texts = [cv2.IMAGE_METADATA_EXIF], [written]
    ok, data = cv2.imencodeWithMetadata(
        ending, np.ascontiguousarray(pixels[..., order]), kinds, texts, lossless
    )
    assert ok
    return bytes(data.tobytes())


def tiff(pixels: np.ndarray, orientation: int = 1, extra: int | None = None) -> bytes:
    """One strip, not compressed. pixels: (H, W, samples) uint8, uint16 or float32. extra: the value
    of ExtraSamples; None: no alpha."""
    height, width, samples = pixels.shape
    kind = {"u": 1, "f": 3}[pixels.dtype.kind]
    depth = 8 * pixels.dtype.itemsize
    each = struct.pack(f"<{samples}H", *[depth] * samples)
    kinds = struct.pack(f"<{samples}H", *[kind] * samples)
    body = pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()
    at = 8
    places = []
    for part in (each, kinds, body):
        places.append(at)
        at += len(part)
    rows: list[tuple[int, int, int, int]] = [
        (0x100, 4, 1, width),
        (0x101, 4, 1, height),
        (0x102, 3, samples, places[0] if samples > 2 else depth * 65537 if samples > 1 else depth),
        (0x103, 3, 1, 1),
        (0x106, 3, 1, 2 if samples > 2 else 1),
        (0x111, 4, 1, places[2]),
        (0x112, 3, 1, orientation),
        (0x115, 3, 1, samples),
        (0x116, 4, 1, height),
        (0x117, 4, 1, len(body)),
        (0x11C, 3, 1, 1),
    ]
    if extra is not None:
        rows.append((0x152, 3, 1, extra))
    if kind == 3:
        rows.append((0x153, 3, samples, places[1]))
    directory = b"".join(struct.pack("<HHII", *row) for row in rows)
    return (
        b"II*\x00"
        + struct.pack("<I", at)
        + each
        + kinds
        + body
        + struct.pack("<H", len(rows))
        + directory
        + b"\0\0\0\0"
    )


def png(colour_type: int, depth: int, rows: bytes, size: tuple[int, int], **more: bytes) -> bytes:
    """more: chunks between IHDR and IDAT, by their names."""

    def chunk(name: bytes, body: bytes) -> bytes:
        check = zlib.crc32(name + body)
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", check)

    head = struct.pack(">IIBBBBB", *size, depth, colour_type, 0, 0, 0)
    parts = [chunk(name.encode(), body) for name, body in more.items()]
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", head),
            *parts,
            chunk(b"IDAT", zlib.compress(rows)),
            chunk(b"IEND", b""),
        ]
    )


def read(data: bytes) -> np.ndarray:
    found = decoded(data)
    assert found is not None
    assert found.dtype == np.uint8
    assert found.flags.c_contiguous
    return found


def near(one: Any, two: Any, by: int = 2) -> bool:
    return bool(np.abs(np.asarray(one, int) - np.asarray(two, int)).max() <= by)


MAKES: dict[str, Callable[[np.ndarray, int], bytes]] = {
    "png": lambda pixels, way: by_opencv(".png", pixels, way),
    "webp": lambda pixels, way: by_opencv(".webp", pixels, way),
    "tif": lambda pixels, way: tiff(pixels, way, 2 if pixels.shape[2] == 4 else None),
    "jpg": lambda pixels, way: by_opencv(".jpg", pixels, way),
}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("make", MAKES)
def test_a_turned_picture_is_upright_with_its_alpha(
    make: str, alpha: bool, orientation: int
) -> None:
    if alpha and make == "jpg":
        return
    found = read(MAKES[make](quarters(alpha), orientation))
    assert found.shape == ((24, 32) if orientation < 5 else (32, 24)) + (3 + alpha,)
    height, width = found.shape[:2]
    places = [(0, 0), (0, 1), (1, 0), (1, 1)]
    for (down, across), stored in zip(places, SEEN[orientation], strict=True):
        pixel = found[(1 + 2 * down) * height // 4, (1 + 2 * across) * width // 4]
        wanted = (*CORNERS[stored], 128 if stored == (1, 0) else 255)[: 3 + alpha]
        assert near(pixel, wanted), f"{make} {orientation}: {pixel} at {down},{across}"


def test_exif_of_either_byte_order_counts() -> None:
    for order in "<>":
        turned = png(2, 8, b"\0" + bytes(range(6)), (2, 1), eXIf=exif(6, order))
        assert read(turned).tolist() == [[[0, 1, 2]], [[3, 4, 5]]]


@pytest.mark.parametrize(
    ("turns", "axis", "orientation"),
    [
        *((0, None, 1), (0, 1, 2), (2, None, 3), (0, 0, 4), (1, 0, 5), (3, None, 6), (3, 0, 7)),
        *((1, None, 8), (1, 1, 7), (3, 1, 5), (2, 1, 4), (2, 0, 2)),
    ],
)
def test_the_properties_of_an_avif_say_how_it_stands(
    turns: int, axis: int | None, orientation: int
) -> None:
    head = b"\0\0\0\x09irot" + bytes((turns,))
    if axis is not None:
        head += b"\0\0\0\x09imir" + bytes((axis,))
    assert orientation_of_avif(head + b"mdat") == orientation
    seen = turned(np.arange(6).reshape(2, 3), orientation)
    wanted = np.rot90(np.arange(6).reshape(2, 3), turns)
    if axis is not None:
        wanted = wanted[:, ::-1] if axis else wanted[::-1]
    assert np.array_equal(seen, wanted)


def test_an_avif_has_its_alpha() -> None:
    ok, data = cv2.imencode(".avif", quarters(True)[..., [2, 1, 0, 3]])
    if not ok:
        pytest.skip("this OpenCV writes no AVIF")
    found = read(data.tobytes())
    assert near(found[18, 8], (0, 0, 255, 128), 12)


def test_what_an_iphone_takes_is_named(tmp_path: Path) -> None:
    path = tmp_path / "IMG_0001.HEIC"
    path.write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100))
    with pytest.raises(Fault, match=r"is a HEIC picture, .* save it as JPEG"):
        make_source(str(path), SourceSettings(FrameClock(25))).open()


def test_sixteen_bits_are_rounded_not_cut(tmp_path: Path) -> None:
    levels = (0, 257, 384, 32896, 65278, 65535)
    pixels = np.array([[(level, level, level, 128 * 257) for level in levels]], np.uint16)
    for data in (
        cv2.imencode(".png", pixels)[1].tobytes(),
        tiff(pixels, extra=2),
        tiff(np.ascontiguousarray(pixels[..., :3])),
    ):
        assert read(data)[0, :, 0].tolist() == [0, 1, 1, 128, 254, 255]
    assert read(tiff(pixels, extra=2))[0, :, 3].tolist() == [128] * 6


def test_a_palette_brings_its_transparency() -> None:
    palette = bytes((200, 10, 20, 10, 210, 30, 40, 50, 220))
    rows = b"\0" + bytes((0, 1, 2))
    found = read(png(3, 8, rows, (3, 1), PLTE=palette, tRNS=bytes((0, 128))))
    wanted = [[200, 10, 20, 0], [10, 210, 30, 128], [40, 50, 220, 255]]
    assert found[0].tolist() == wanted


def test_grey_with_alpha_and_a_grey_that_is_transparent() -> None:
    both = b"\0" + bytes((255, 255, 90, 128, 0, 0))
    wanted = [[255, 255, 255, 255], [90, 90, 90, 128], [0, 0, 0, 0]]
    assert read(png(4, 8, both, (3, 1)))[0].tolist() == wanted
    grey = np.array([[(255, 255), (90, 128), (0, 0)]], np.uint8)
    assert read(tiff(grey, extra=2))[0].tolist() == wanted
    keyed = png(0, 8, b"\0" + bytes((255, 90, 7)), (3, 1), tRNS=struct.pack(">H", 90))
    assert read(keyed)[0].tolist() == [[255] * 4, [90, 90, 90, 0], [7, 7, 7, 255]]
    colour = png(2, 8, b"\0" + bytes((9, 8, 7, 1, 2, 3)), (2, 1), tRNS=struct.pack(">HHH", 9, 8, 7))
    assert read(colour)[0].tolist() == [[9, 8, 7, 0], [1, 2, 3, 255]]


def test_one_bit_is_black_and_white() -> None:
    found = read(png(0, 1, b"\0" + bytes((0b10100000,)), (3, 1)))
    assert found[0].tolist() == [[255] * 3, [0] * 3, [255] * 3]


def test_colours_that_were_multiplied_with_alpha_are_so_no_more() -> None:
    half = np.array([[(100, 50, 0, 128), (0, 0, 0, 0), (255, 255, 255, 255)]], np.uint8)
    found = read(tiff(half, extra=1))
    assert near(found[0], [(199, 100, 0, 128), (0, 0, 0, 0), (255, 255, 255, 255)], 1)
    deep = half.astype(np.uint16) * 257
    assert near(read(tiff(deep, extra=1)), found, 1)
    as_stored = np.array([[(100, 50, 0, 128), (255, 255, 255, 255)]], np.uint8)
    assert near(read(tiff(as_stored, extra=2))[0], as_stored[0], 1)
    assert near(read(tiff(as_stored.astype(np.uint16) * 257, extra=2))[0], as_stored[0], 0)
    assert not straight(np.zeros((2, 2, 4), np.float32)).any(), "nothing is divided by nothing"


def test_an_opaque_alpha_is_none() -> None:
    pixels = quarters(True)
    pixels[..., 3] = 255
    assert np.array_equal(read(by_opencv(".png", pixels)), pixels[..., :3])


def test_dpx_comes_as_it_is_stored() -> None:
    context: Any = av.CodecContext.create("dpx", "w")
    context.width, context.height, context.pix_fmt = 16, 8, "gbrp10le"
    context.time_base = Fraction(1, 25)
    levels = np.zeros((8, 16, 3), np.uint16)
    levels[:, 8:] = (1023, 512, 0)  # green, blue, red
    frame = av.VideoFrame(16, 8, "gbrp10le")
    for plane, part in zip(frame.planes, np.moveaxis(levels, 2, 0), strict=True):
        rows = np.zeros((8, plane.line_size // 2), np.uint16)
        rows[:, :16] = part
        plane.update(rows.tobytes())
    data = b"".join(bytes(packet) for packet in [*context.encode(frame), *context.encode(None)])
    found = read(data)
    assert near(found[4, [2, 12]], [(0, 0, 0), (0, 255, 128)], 1)


def test_floating_point_of_a_tiff_and_of_radiance_is_linear() -> None:
    light = np.full((4, 6, 3), 0.18, np.float32)
    light[:, 3:] = 4.0
    for data in (tiff(light), cv2.imencode(".hdr", light)[1].tobytes()):
        found = read(data)
        assert near(found[1, [1, 4]], [(118,) * 3, (255,) * 3], 1)


def test_cmyk_comes_in_its_colours() -> None:
    ink = np.array([[(0, 255, 255, 0), (0, 0, 0, 0), (0, 0, 0, 255)]], np.uint8)
    data = bytearray(tiff(ink))
    place = data.find(struct.pack("<HHII", 0x106, 3, 1, 2))
    data[place : place + 12] = struct.pack("<HHII", 0x106, 3, 1, 5)  # separated: CMYK
    assert near(read(bytes(data))[0], [(255, 0, 0), (255, 255, 255), (0, 0, 0)], 1)


def test_what_moves_says_so_once(tmp_path: Path) -> None:
    for name, codec, form in (("a.gif", "gif", "rgb8"), ("a.png", "apng", "rgb24")):
        for count in (1, 3):
            path = tmp_path / name
            with av.open(str(path), "w", format=codec) as file:
                track: Any = file.add_stream(codec, rate=10)
                track.width, track.height, track.pix_fmt = 16, 16, form
                for number in range(count):
                    pixels = np.full((16, 16, 3), 80 * number, np.uint8)
                    frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
                    file.mux(track.encode(frame.reformat(format=form)))
                file.mux(track.encode(None))
            assert moves(path.read_bytes()) is (count > 1), f"{name} of {count}"
    told: list[str] = []
    source = make_source(
        f"image:{tmp_path / 'a.gif'}", SourceSettings(FrameClock(25), log=told.append)
    )
    source.open()
    for _ in range(3):
        source.read()
    assert len(told) == 1
    assert "only its first picture is shown; video:" in told[0]


@pytest.mark.parametrize("make", MAKES)
def test_a_file_cut_off_anywhere_is_a_picture_or_none(make: str) -> None:
    whole = MAKES[make](quarters(False), 6)
    for length in range(0, len(whole), max(1, len(whole) // 40)):
        found = decoded(whole[:length])
        assert found is None or found.shape[2] in (3, 4)
        moves(whole[:length])
