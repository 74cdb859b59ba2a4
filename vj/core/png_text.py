"""Texts in a PNG: iTXt chunks, beside the pixels and without a change of them."""

from __future__ import annotations

import struct
import zlib

HEADER = 33
"""Bytes of a PNG's signature and its IHDR chunk, after which other chunks may stand."""
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def text_chunk(keyword: str, text: str) -> bytes:
    """An iTXt chunk: UTF-8, not compressed, no language. keyword: 1 to 79 letters of Latin-1."""
    body = b"iTXt" + keyword.encode() + b"\0\0\0\0\0" + text.encode()
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))


def with_chunks(png: bytes, chunks: bytes) -> bytes:
    """A PNG with chunks after its header."""
    return png[:HEADER] + chunks + png[HEADER:]


def text_in(png: bytes, keyword: str) -> str | None:
    """The text of that keyword; None where there is none. Raises ValueError for what is no PNG, or
    a broken one."""
    if not png.startswith(SIGNATURE):
        raise ValueError("is no PNG")
    at, wanted = len(SIGNATURE), keyword.encode() + b"\0"
    while at + 12 <= len(png):
        (length,) = struct.unpack_from(">I", png, at)
        kind, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        if len(body) < length:
            break
        if kind == b"IEND":
            return None
        if kind == b"iTXt" and body.startswith(wanted):
            packed, rest = body[len(wanted)] == 1, body[len(wanted) + 2 :]
            parts = rest.split(b"\0", 2)
            if len(parts) < 3:
                raise ValueError("a text in it is broken")
            try:
                return (zlib.decompress(parts[2]) if packed else parts[2]).decode("utf-8")
            except (zlib.error, UnicodeDecodeError):
                raise ValueError("a text in it is broken") from None
        at += 12 + length
    raise ValueError("ends in the middle")
