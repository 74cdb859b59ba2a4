"""Who may do what on the page: this machine everything, another device what its PIN, its link or
the show's OSC allow; scripts of other sites nothing.

Requests are known by method, path, headers and address alone; `vj/web/guard.py` is the web server's
side.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from vj.control.osc.network import is_loopback
from vj.web.pin import Entered, Pin, kept_secret

FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via", "CF-Connecting-IP")
"""Headers of proxies and tunnels: a request that has one comes from elsewhere, though its
connection does not."""
PICTURES = re.compile(r"/(pictures|thumb/.*|style/.*|(input|output|picture)[.](jpg|png))")
FREE = re.compile(r"/(view|out|display|pin|favicon[.]ico|static/.*)")
"""The page itself, which asks for the PIN."""
LOOKS = ("GET", "HEAD")
"""Methods that change nothing."""
PORTS = {"http": "80", "https": "443"}


@dataclass(frozen=True, slots=True)
class Call:
    """A request. headers: case-insensitive, or named as they are here. remote: the address that it
    comes from."""

    method: str
    path: str
    headers: Mapping[str, str]
    remote: str
    query: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_websocket(self) -> bool:
        return self.headers.get("Upgrade", "").lower() == "websocket"


@dataclass(frozen=True, slots=True)
class Rights:
    """What a request may do. play: set parameters, and read them. write: what lasts, or names files
    and devices: learn, save, choose, draw. pictures: look."""

    play: bool
    write: bool
    pictures: bool


Need = Literal["nothing", "something", "play", "pictures"]

EVERYTHING, NOTHING = Rights(True, True, True), Rights(False, False, False)
LOOK = Rights(play=False, write=False, pictures=True)


@dataclass(frozen=True, slots=True)
class Refusal:
    """status: 401 where the PIN would help, else 403."""

    status: int
    text: str


class Access:
    """One page's rules. Belongs to the page's event loop; making one waits for the disk."""

    def __init__(
        self,
        listen: tuple[str, int],
        osc_host: str,
        pin: str | None,
        log: Callable[[str], None],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """listen: the page's address. osc_host: where OSC listens, since whoever may send OSC may
        play parameters here too. pin: digits, "off", or None for this machine's own."""
        self.listen, self.osc_host = listen, osc_host
        secret, own = kept_secret(log)
        self.asks_pin = pin != "off"
        self._pin = Pin(secret, own if pin is None or pin == "off" else pin, now)

    @property
    def pin(self) -> str | None:
        """The digits; None where none are asked for."""
        return self._pin.text if self.asks_pin else None

    @property
    def view_path(self) -> str:
        """The link that shows and changes nothing, without PIN."""
        return f"/view?key={self._pin.view_key}"

    def refusal(self, call: Call) -> Refusal | None:
        """Why a request is not answered; None when it is."""
        if reason := foreign(call):
            return Refusal(403, reason)
        need, rights = needed(call), self.rights(call)
        allowed = {
            "nothing": True,
            "something": rights != NOTHING,
            "play": rights.play,
            "pictures": rights.pictures,
        }[need]
        if allowed:
            return None
        host = call.headers.get("Host", "")
        return Refusal(
            401, f"this device is not known: open http://{host}/ and enter the PIN that vj shows"
        )

    def rights(self, call: Call) -> Rights:
        """What a request may do that is not refused as another site's."""
        known = not self.asks_pin or is_local(call) or self._knows(call)
        if call.path == "/view" or "key" in call.query:
            seen = known or self._pin.knows_view(call.query.get("key", ""))
            return LOOK if seen else NOTHING
        if known:
            return EVERYTHING
        return Rights(
            play=not is_loopback(self.osc_host),
            write=False,
            pictures=self._pin.knows_view(cookie(call, self._pin.view_cookie)),
        )

    def _knows(self, call: Call) -> bool:
        return self._pin.knows_device(cookie(call, self._pin.cookie))

    def view_redirect(self, call: Call) -> str:
        """Where `/view` without its key leads to; empty where it stays. Those who may look get the
        key. Others get an empty one: a browser keeps back its cookie where a link of another site
        leads here, and what the page opens afterwards, with the cookie, must still only look."""
        if call.path != "/view" or self._pin.knows_view(call.query.get("key", "")):
            return ""
        if self.rights(call).pictures:
            return self.view_path
        return "" if "key" in call.query else "/view?key="

    def view_cookie(self, call: Call) -> tuple[str, str] | None:
        """(name, value) of the cookie for a browser that opens `/view` with its key: its pictures
        are asked for without."""
        key = call.query.get("key", "")
        if call.path != "/view" or not self._pin.knows_view(key):
            return None
        return self._pin.view_cookie, key

    def enter(self, given: str, remote: str) -> Entered:
        """A PIN that a device has sent."""
        return self._pin.enter(given, remote)

    def device_cookie(self) -> tuple[str, str]:
        """(name, value) of the cookie that a device is known by."""
        return self._pin.cookie, self._pin.new_device()


def needed(call: Call) -> Need:
    """What a request wants to be allowed."""
    if FREE.fullmatch(call.path):
        return "nothing"
    if call.path == "/socket":
        return "something"
    if PICTURES.fullmatch(call.path):
        return "pictures"
    if call.path == "/" and call.method in LOOKS and not call.is_websocket:
        page = "text/html" in call.headers.get("Accept", "") and not call.query
        return "nothing" if page else "play"
    return "play"  # OSCQuery, /set, /state.json, and whatever there may be


def is_local(call: Call) -> bool:
    """Whether it comes from this machine, and through no proxy that says so."""
    if any(name in call.headers for name in FORWARDED):
        return False
    try:
        address = ipaddress.ip_address(call.remote.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def foreign(call: Call) -> str:
    """Why a request is not this page's own: a script of another site sent it through a visitor's
    browser (Origin, Sec-Fetch-Site), or under another name that leads here (DNS rebinding). Empty
    for the page's own, and for programs, which send none of it."""
    host = call.headers.get("Host")
    if host is not None and not own_host(host):
        return f"{host} is no name of this machine; open the page by its address"
    origin = call.headers.get("Origin")
    if origin is not None and not same_origin(origin, host or ""):
        return f"requests from {origin} are not taken"
    if call.headers.get("Sec-Fetch-Site", "none") in ("cross-site", "same-site"):
        opened = call.headers.get("Sec-Fetch-Mode") == "navigate" and call.method in LOOKS
        if not opened or call.headers.get("Sec-Fetch-Dest") != "document":
            return "requests from other sites are not taken"
    return ""


def own_host(host: str) -> bool:
    """Whether a Host header is an address or a name of this machine. Another name that resolves to
    it (DNS rebinding) is not."""
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    try:
        ipaddress.ip_address(name.strip("[]"))
        return True
    except ValueError:
        mine = socket.gethostname().casefold()
        return name.casefold() in ("localhost", mine, f"{mine}.local", mine.partition(".")[0])


def same_origin(origin: str, host: str) -> bool:
    """Whether an Origin header is the site of a Host header."""
    try:
        found = urlsplit(origin)
        port = found.port
    except ValueError:
        return False
    if found.scheme not in PORTS or not found.hostname:
        return False
    given = urlsplit(f"//{host}")
    default = int(PORTS[found.scheme])
    try:
        return (found.hostname, port or default) == (given.hostname, given.port or default)
    except ValueError:
        return False


def cookie(call: Call, name: str) -> str:
    """A cookie's value; empty without. Cookies of other programs on the same host may be of any
    form."""
    for one in call.headers.get("Cookie", "").split(";"):
        found, _, value = one.strip().partition("=")
        if found == name:
            return value
    return ""
