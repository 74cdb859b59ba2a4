"""Addresses in the network: which ones can be a source, and how they are written where others
read."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import quote, urlsplit, urlunsplit

from vj import __version__
from vj.core.errors import Fault

SCHEMES = ("http", "https", "rtsp", "rtsps", "rtmp", "rtmps", "srt", "udp", "rtp", "tcp")
"""What an address that can be a source begins with, before `://`."""

AGENT = {"User-Agent": f"vj/{__version__}"}
"""What a web server is told about us; many shut out what calls itself Python."""

CLIPS = {
    *(".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".wmv", ".ogv", ".3gp"),
    *(".gif", ".apng", ".mxf", ".vob"),
}
"""Endings of an address at which a whole clip lies."""

_ALLOWED = "/%:@!$&'()*+,;=~?[]"
"""What stays as it is in the path and the query of an address, besides letters and numbers."""

_PASSWORD = re.compile(
    r"([a-z][a-z0-9+.-]*://[^\s/?#:@\[]*):(?:[^\s/?#]*|(?!\d{1,5}(?:[/?#\s]|$))\S*)@", re.IGNORECASE
)
"""The second part: one with signs that do not belong there; what looks like a port is none."""
_SECRET = re.compile(
    r"([/?&;_-]\w{0,20}?(?:pass(?:word|phrase|wd)?|pwd|psw|token|key|secret|auth|sig(?:nature)?)=)"
    r"[^\s&#,;'\"\])}]+",
    re.IGNORECASE,
)
"""In a query, or as some cameras have it: `/user=admin_password=..._channel=1`."""

ESCAPED = "in a user and a password @ is written %40, : %3A, / %2F, # %23, ? %3F"

_HOSTED = ("http", "https", "rtsp", "rtsps")
_PORTED = ("udp", "rtp", "tcp")


def scheme_of(text: str) -> str:
    """`"rtsp"` of `rtsp://HOST/...`; empty for what is no address. A drive, `C://`, is none."""
    found = re.match(r"([a-z][a-z0-9+.-]+)://", text.strip(), re.IGNORECASE)
    return found[1].lower() if found else ""


def is_address(text: str) -> bool:
    """Whether it is an address that can be a source."""
    return scheme_of(text) in SCHEMES


def names_a_clip(address: str) -> bool:
    """Whether an address ends like a file that can be fetched whole: `https://HOST/loop.mp4`."""
    if scheme_of(address) not in ("http", "https"):
        return False
    try:
        return PurePosixPath(urlsplit(address).path).suffix.lower() in CLIPS
    except ValueError:  # no host can be made of it
        return False


def check_address(address: str) -> None:
    """Raises Fault for an address that reaches nobody, whatever the network does."""
    scheme, name = scheme_of(address), without_password(address)
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise Fault(
            f"{name}: is no address: HOST or HOST:PORT has to follow, the port a number up to 65535"
            f"{'; ' + ESCAPED if '@' in address else ''}"
        ) from None
    if scheme in _HOSTED and not host:
        raise Fault(f"{name}: names no server; {scheme}://HOST/... would be right")
    if scheme in _PORTED and port is None and "port=" not in parts.query:
        raise Fault(f"{name}: names no port; {scheme}://{host or ''}:5000 would be right")


def without_password(text: str) -> str:
    """A text in which addresses keep their users, not their passwords and keys."""
    return "\n".join(
        _SECRET.sub(r"\1***", _PASSWORD.sub(r"\1:***@", line)) if "://" in line else line
        for line in text.split("\n")
    )


def as_sent(address: str) -> str:
    """An address of a web server with what may not stand in one written as `%20`, and its host as
    the network knows it; of other servers as it is."""
    if scheme_of(address) not in ("http", "https"):
        return address
    try:
        parts = urlsplit(address)
        user, at, host = parts.netloc.rpartition("@")
        if not host.isascii():
            name, colon, port = host.partition(":")
            host = f"{name.encode('idna').decode()}{colon}{port}"
    except ValueError:  # no host can be made of it, which whoever connects says
        return address
    path, query = (quote(part, safe=_ALLOWED) for part in (parts.path, parts.query))
    return urlunsplit((parts.scheme, f"{user}{at}{host}", path, query, ""))


def in_public(uri: str) -> str:
    """A source, of an address only what `public_address` leaves of it."""
    found = re.search(r"[a-z][a-z0-9+.-]+://", uri, re.IGNORECASE)
    return uri if found is None else public_address(uri[found.start() :])


def public_address(address: str) -> str:
    """An address without user and query: what may stand in front of an audience."""
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return scheme_of(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
