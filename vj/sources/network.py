"""Addresses in the network: which ones can be a source, and how they are written where others
read."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import quote, urlsplit, urlunsplit

SCHEMES = ("http", "https", "rtsp", "rtsps", "rtmp", "rtmps", "srt", "udp", "rtp", "tcp")
"""What an address that can be a source begins with, before `://`."""

CLIPS = {
    *(".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".wmv", ".ogv", ".3gp"),
    *(".gif", ".apng", ".mxf", ".vob"),
}
"""Endings of an address at which a whole clip lies."""

_ALLOWED = "/%:@!$&'()*+,;=~?[]"
"""What stays as it is in the path and the query of an address, besides letters and numbers."""

_PASSWORD = re.compile(r"([a-z][a-z0-9+.-]*://[^\s/?#:@]*):[^\s/?#]*@", re.IGNORECASE)
_SECRET = re.compile(
    r"([?&](?:pass(?:word|phrase|wd)?|pwd|psw|token|key|secret|auth)=)[^\s&#,;]+", re.IGNORECASE
)


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


def without_password(text: str) -> str:
    """A line in which addresses keep their users, not their passwords and keys."""
    if "://" not in text:
        return text
    return _SECRET.sub(r"\1***", _PASSWORD.sub(r"\1:***@", text))


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


def public_address(address: str) -> str:
    """An address without user and query: what may stand in front of an audience."""
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return scheme_of(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
