"""How other devices get to the page: its addresses in the network, as text and as QR codes."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from vj.control.osc.network import (
    ANY_HOST,
    advertised_address,
    is_loopback,
    lan_addresses,
    strip_brackets,
)

QUIET_ZONE = 2
"""Modules of light around a code in the terminal; the standard's 4 are wanted by no phone."""
BLOCKS = {(True, True): "█", (True, False): "▀", (False, True): "▄", (False, False): " "}
"""(upper light, lower light) -> a character: terminals are dark, and light is what is drawn."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a show is reached. page, osc: where they listen. pin: None where none is asked for.
    view_path: the link that shows and changes nothing."""

    page: tuple[str, int]
    osc: tuple[str, int]
    pin: str | None
    view_path: str

    def urls(self) -> list[str]:
        """Where other devices find the page at this moment; none on loopback."""
        return page_urls(self.page)

    def code_lines(self) -> list[str]:
        """A QR code of its first address, for a terminal; none on loopback."""
        urls = self.urls()
        return qr_lines(urls[0]) if urls else []

    def describe(self) -> dict[str, Any]:
        """`reach` of the page's protocol."""
        urls = self.urls()
        osc = advertised_address(self.osc[0]) or self.osc[0]
        return {
            "urls": urls,
            "qr": qr_svg(urls[0]) if urls else "",
            "osc": f"{_bracketed(osc)}:{self.osc[1]}",
            "view": self.view_path,
        }

    def lines(self) -> list[str]:
        """What is said at the start: how a phone gets in, and who may do what."""
        osc_is_open = not is_loopback(self.osc[0])
        if is_loopback(self.page[0]):
            lines = [f"a phone or tablet gets in with --page 0.0.0.0:{self.page[1]}, and a PIN"]
            if osc_is_open:
                lines.append("OSC is open to everybody in the network, the page to this machine")
            return lines
        where = "  ".join(self.urls()) or "once this machine has an address in a network"
        if self.pin is None:
            return [
                f"a phone or tablet: {where}",
                "no PIN is asked for (pin: off): everybody in the network may change everything",
            ]
        lines = [f"a phone or tablet: {where}  PIN {self.pin}, entered once on each"]
        if osc_is_open:
            lines.append(
                "without the PIN everybody in the network may play parameters, by OSC and on the "
                "page; pictures, learn and files want it"
            )
        else:
            lines.append(
                "without the PIN nobody else may do anything, as OSC is open to this machine only "
                f"(--osc 0.0.0.0:{self.osc[1]} opens it, and faders on the page with it)"
            )
        return lines


def page_urls(listen: tuple[str, int]) -> list[str]:
    """Where other devices find a page that listens there, at this moment; none on loopback."""
    host, port = strip_brackets(listen[0]), listen[1]
    if is_loopback(host):
        return []
    hosts = lan_addresses() if host in ANY_HOST else [host]
    return [f"http://{_bracketed(one)}:{port}/" for one in hosts]


def _bracketed(host: str) -> str:
    """A host as it stands before a port."""
    host = strip_brackets(host)
    return f"[{host}]" if ":" in host else host


@lru_cache(maxsize=4)
def qr_svg(url: str) -> str:
    """A QR code as `<svg ...>`, black on white, to be shown at any size. Empty without segno."""
    code = _code(url)
    if code is None:
        return ""
    out = io.BytesIO()
    code.save(out, kind="svg", xmldecl=False, omitsize=True, border=4, light="#fff", nl=False)
    return out.getvalue().decode()


def qr_lines(url: str) -> list[str]:
    """A QR code as lines of half blocks, for a dark terminal; phones read it inverted too. None
    without segno."""
    code = _code(url)
    if code is None:
        return []
    rows = [[not module for module in row] for row in code.matrix_iter(border=QUIET_ZONE)]
    if len(rows) % 2:
        rows.append([False] * len(rows[0]))
    return [
        "".join(BLOCKS[pair] for pair in zip(upper, lower, strict=True))
        for upper, lower in zip(rows[::2], rows[1::2], strict=True)
    ]


def _code(url: str):  # type: ignore[no-untyped-def]  # segno has no types
    """Small, since it is read from a screen at arm's length. None without segno."""
    try:
        import segno
    except ImportError:
        return None
    return segno.make(url, error="l", micro=False, boost_error=False)
