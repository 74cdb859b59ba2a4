"""How other devices get to the page: its addresses in the network, as text and as QR codes."""

from __future__ import annotations

import io

from vj.control.osc.network import ANY_HOST, is_loopback, lan_addresses, strip_brackets

QUIET_ZONE = 2
"""Modules of light around a code in the terminal; the standard's 4 are wanted by no phone."""
BLOCKS = {(True, True): "█", (True, False): "▀", (False, True): "▄", (False, False): " "}
"""(upper light, lower light) -> a character: terminals are dark, and light is what is drawn."""


def page_urls(host: str, port: int) -> list[str]:
    """Where other devices find a page that listens there; none on loopback."""
    if is_loopback(host):
        return []
    name = strip_brackets(host)
    hosts = lan_addresses() if name in ANY_HOST else [name]
    return [f"http://{f'[{one}]' if ':' in one else one}:{port}/" for one in hosts]


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


def reach_lines(
    page: tuple[str, int], osc: tuple[str, int], pin: str | None, urls: list[str]
) -> list[str]:
    """What is said at the start: how a phone gets in, and who may do what. page, osc: where they
    listen. pin: None where none is asked for. urls: as of `page_urls`."""
    osc_is_open = not is_loopback(osc[0])
    if is_loopback(page[0]):
        lines = [f"a phone or tablet gets in with --page 0.0.0.0:{page[1]}; it asks for a PIN once"]
        if osc_is_open:
            lines.append("everybody in the network may play over OSC; the page is this machine's")
        return lines
    where = ", ".join(urls) or "this machine has no address in a network yet"
    if pin is None:
        return [
            f"a phone or tablet: {where}",
            "no PIN (pin: off in the show): everybody in the network may change everything",
        ]
    lines = [f"a phone or tablet: {where}  PIN {pin}, once for each"]
    if osc_is_open:
        lines.append(
            "without the PIN, everybody in the network may play parameters, over OSC and on the "
            "page; pictures, learn and files want it"
        )
    else:
        lines.append(
            "without the PIN nobody else plays or sees anything; OSC is this machine's "
            f"(--osc 0.0.0.0:{osc[1]} opens it, and parameters on the page with it)"
        )
    return lines
