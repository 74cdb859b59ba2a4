"""Connects to a stream in the network, by PyAV (FFmpeg); what refuses is said in words."""

from __future__ import annotations

import errno
import time
import urllib.error
import urllib.request
from typing import Any

from vj.core.errors import Fault, Unavailable
from vj.sources import Awaited
from vj.sources.network import AGENT, ESCAPED, as_sent, scheme_of, without_password

CONNECTING = 6.0
"""Seconds a server gets to answer and to say what it sends."""

SILENT = 4.0
"""Seconds without anything after which a connection counts as lost."""

LOOKING = 3.0
"""Seconds for a look at what else lies at an address."""

ENCRYPTED = ("https", "rtsps", "rtmps")

OPTIONS: dict[str, dict[str, str]] = {
    # over TCP, where the camera has it: nothing is lost on the way, and firewalls let it through
    "rtsp": {"rtsp_flags": "prefer_tcp", "analyzeduration": "1000000", "max_delay": "200000"},
    "rtsps": {"rtsp_flags": "prefer_tcp", "analyzeduration": "1000000", "max_delay": "200000"},
    # a picture of some size comes as a burst, and what does not fit is lost
    "udp": {"buffer_size": "2097152", "overrun_nonfatal": "1", "analyzeduration": "1000000"},
    "rtp": {"buffer_size": "2097152", "analyzeduration": "1000000", "max_delay": "200000"},
    "tcp": {"analyzeduration": "1000000"},
    "rtmp": {"rtmp_live": "live", "analyzeduration": "1000000"},
    "rtmps": {"rtmp_live": "live", "analyzeduration": "1000000"},
    "srt": {"analyzeduration": "1000000"},
    # else it tells the server to close the connection, and goes on with it where that does not
    # answer that it will: what was asked for next is lost, a film's beginning
    "http": {"multiple_requests": "1"},
    "https": {"multiple_requests": "1"},
}
"""FFmpeg's options of each scheme. `nobuffer` is none of them: it throws the packets away that were
looked at, with the first key picture among them."""


def connect(address: str) -> Any:
    """An `av` container of what the address gives, with a video stream in it. Takes up to twice
    `CONNECTING` seconds. Raises Fault, or Awaited for what may come yet, or Unavailable."""
    import av

    begun = time.monotonic()
    try:
        container = av.open(
            as_sent(address),
            options=OPTIONS.get(scheme_of(address), {}),
            timeout=(CONNECTING, SILENT),
            metadata_errors="replace",
        )
    except (av.FFmpegError, OSError, ValueError) as error:
        if time.monotonic() - begun >= CONNECTING:  # FFmpeg's RTSP calls that invalid data
            raise refusal(address, av.error.ExitError(0, "")) from None
        raise refusal(address, error) from None
    if not container.streams.video:
        tracks = ", ".join(sorted({stream.type for stream in container.streams})) or "nothing"
        container.close()
        raise Fault(f"{without_password(address)}: sends no picture, only {tracks}")
    return container


def refusal(address: str, error: Exception) -> Fault:
    """What an address that does not open is told as."""
    import av

    name, scheme = without_password(address), scheme_of(address)
    web = scheme in ("http", "https")
    if isinstance(error, av.error.ProtocolNotFoundError):
        return Unavailable(
            f"{name}: the FFmpeg of this PyAV cannot do {scheme}://; rtsp, http, udp and tcp play"
        )
    if isinstance(error, av.error.HTTPUnauthorizedError):
        return Fault(f"{name}: {wants_password(address)}")
    if isinstance(error, av.error.HTTPForbiddenError):
        return Fault(f"{name}: the server does not allow it (403)")
    if isinstance(error, av.error.HTTPNotFoundError):
        text = f"{name}: the server has nothing there (404)"
        return Fault(text) if web and ".m3u8" not in address else Awaited(f"{text} yet")
    if isinstance(error, av.error.ExitError):
        return Awaited(f"{name}: nothing has come for {CONNECTING:g} s")
    if isinstance(error, av.error.InvalidDataError):
        page = web and looks_like_a_page(address)
        return (
            Fault(f"{name}: {A_PAGE}")
            if page
            else Awaited(f"{name}: what comes is no video that FFmpeg can read")
        )
    reason = getattr(error, "strerror", None) or error
    if type(error) is av.error.OSError:  # of the look-up of a name FFmpeg tells no more
        if error.errno == errno.EADDRINUSE:
            return Awaited(f"{name}: another program of this machine receives what comes there")
        encrypted = f", and does it speak {scheme}" if scheme in ENCRYPTED else ""
        reason = f"{reason}; is the name right, is the network there{encrypted}?"
    return Awaited(f"{name}: cannot be reached ({reason})")


def wants_password(address: str) -> str:
    """What is told where a server does not let in whoever asks."""
    other = "another" if "@" in address.partition("://")[2].partition("/")[0] else "a"
    return f"wants {other} user and password: {scheme_of(address)}://USER:PASSWORD@... ({ESCAPED})"


PAGES = ("text/html", "application/xhtml+xml")
"""What a server calls web pages."""

A_PAGE = (
    "is a web page, not a video; name the address of the video itself (yt-dlp -g PAGE tells that "
    "of many sites)"
)


def looks_like_a_page(address: str) -> bool:
    """Whether a web page comes from there."""
    try:
        asked = urllib.request.Request(without_user(as_sent(address)), headers=AGENT)
        with urllib.request.urlopen(asked, timeout=LOOKING) as answer:
            return answer.headers.get_content_type() in PAGES
    except (OSError, ValueError, urllib.error.URLError):
        return False


def without_user(address: str) -> str:
    """The address without `USER:PASSWORD@`."""
    head, slashes, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    return f"{head}{slashes}{host.rpartition('@')[2]}{slash}{path}"
