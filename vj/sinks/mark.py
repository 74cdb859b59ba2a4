"""What a recording says of how it was made: painted by vj, with which model, in which show.

The words are those that others look for: IPTC's digital source type in an XMP packet, and a comment
for people. docs/marking.md says what stands where, and why it is not signed (C2PA).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

from vj.core.png_text import text_chunk, with_chunks

LONGEST = 200
"""Characters of a name that are kept."""
SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
SourceType = Literal[
    "trainedAlgorithmicMedia",
    "compositeWithTrainedAlgorithmicMedia",
    "algorithmicMedia",
    "algorithmicallyEnhanced",
]
"""IPTC's terms: a trained model alone, the same on top of a picture; a program without a trained
model alone, the same on top of a picture."""
XMP_BOX = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
"""Which `uuid` box of an MP4 holds XMP (Adobe, XMP Specification Part 3)."""


@dataclass(frozen=True, slots=True)
class Mark:
    """version: of vj. model, show: names without paths; show may be empty. Characters that cannot
    be written in XML are spaces, and what is longer than `LONGEST` is cut."""

    version: str
    model: str
    show: str
    source_type: SourceType

    def __post_init__(self) -> None:
        for name in ("version", "model", "show"):
            object.__setattr__(self, name, _plain(getattr(self, name)))

    @property
    def tool(self) -> str:
        return f"vj {self.version}"

    @property
    def source_uri(self) -> str:
        return SOURCE_TYPES + self.source_type

    @property
    def comment(self) -> str:
        """`Painted by vj 0.1.0 with sd-turbo, show Crash me, gently. Synthetic media: http://...`"""
        show = f", show {self.show}" if self.show else ""
        return f"Painted by {self.tool} with {self.model}{show}. Synthetic media: {self.source_uri}"


def _plain(text: str) -> str:
    """A name as it can stand in every container: one line, no control characters, not too long."""
    return "".join(char if char.isprintable() else " " for char in text).strip()[:LONGEST]


def xmp(mark: Mark) -> str:
    """The mark as an XMP packet, without dates and identifiers: the same mark, the same bytes."""
    title = f"<dc:title>{_alternative(mark.show)}</dc:title>" if mark.show else ""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
        ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">'
        f"<Iptc4xmpExt:DigitalSourceType>{mark.source_uri}</Iptc4xmpExt:DigitalSourceType>"
        f"<Iptc4xmpExt:AISystemUsed>{escape(mark.model)}</Iptc4xmpExt:AISystemUsed>"
        f"<xmp:CreatorTool>{escape(mark.tool)}</xmp:CreatorTool>"
        f"{title}<dc:description>{_alternative(mark.comment)}</dc:description>"
        '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
    )


def _alternative(text: str) -> str:
    return f'<rdf:Alt><rdf:li xml:lang="x-default">{escape(text)}</rdf:li></rdf:Alt>'


def movie_tags(mark: Mark, ending: str) -> dict[str, str]:
    """Tags for FFmpeg, under the names that it writes into this container. They are in the first
    bytes of the movie, so that they survive a power cut."""
    tags = {"comment": mark.comment} | ({"title": mark.show} if mark.show else {})
    if ending == ".mkv":
        return tags | {"encoded_by": mark.tool, "digital_source_type": mark.source_uri}
    return tags | ({"xmp": xmp(mark)} if ending == ".mov" else {"encoding_tool": mark.tool})


def xmp_box(mark: Mark) -> bytes:
    """A box with the XMP packet for the end of an MP4, where FFmpeg has no tag for it."""
    packet = XMP_BOX + xmp(mark).encode()
    return struct.pack(">I", 8 + len(packet)) + b"uuid" + packet


def gif_blocks(mark: Mark) -> bytes:
    """The mark as extensions of a GIF: a comment, and the XMP packet, which ends in the ramp of
    bytes that leads a program that does not know it to its end."""
    comment = mark.comment.encode()
    parts = [comment[at : at + 255] for at in range(0, len(comment), 255)]
    blocks = b"".join(bytes([len(part)]) + part for part in parts)
    ramp = b"\x01" + bytes(range(255, -1, -1)) + b"\x00"
    packet = b"\x21\xff\x0bXMP DataXMP" + xmp(mark).encode() + ramp
    return b"\x21\xfe" + blocks + b"\x00" + packet


def marked_webp(webp: bytes, mark: Mark) -> bytes:
    """An animated WebP with the XMP packet at its end; its pixels stay as they are."""
    if webp[12:16] != b"VP8X":
        return webp  # a single picture has no header that could announce it
    packet = xmp(mark).encode()
    chunk = b"XMP " + struct.pack("<I", len(packet)) + packet + b"\0" * (len(packet) % 2)
    flags = bytes([webp[20] | 0x04])
    size = struct.pack("<I", len(webp) - 8 + len(chunk))
    return webp[:4] + size + webp[8:20] + flags + webp[21:] + chunk


def ndi_metadata(mark: Mark) -> tuple[str, str]:
    """The mark as NDI's connection metadata: its own element for the program that sends, and one
    with IPTC's term."""
    product = (
        f'<ndi_product long_name="vj" short_name="vj" version={quoteattr(mark.version)}'
        f" session_name={quoteattr(mark.show)}/>"
    )
    made = (
        '<ndi_metadata type="digital_source_type" version="1.0.0">'
        f"<uri>{mark.source_uri}</uri><model>{escape(mark.model)}</model>"
        f"<description>{escape(mark.comment)}</description></ndi_metadata>"
    )
    return product, made


def marked_png(png: bytes, mark: Mark) -> bytes:
    """A PNG with the mark as text after its header; its pixels stay as they are."""
    return with_chunks(png, _png_texts(mark))


@lru_cache(maxsize=8)
def _png_texts(mark: Mark) -> bytes:
    texts = {"XML:com.adobe.xmp": xmp(mark), "Comment": mark.comment, "Software": mark.tool}
    if mark.show:
        texts["Title"] = mark.show
    return b"".join(text_chunk(keyword, text) for keyword, text in texts.items())
