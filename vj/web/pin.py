"""The PIN that lets another device in: kept on this machine, tried a few times a minute, and
remembered by a device that has entered it once."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import math
import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from vj.core import cache

KEPT = "state/page.json"
"""In the user's cache: the secret that cookies are signed with, and the PIN. Mode 600."""
DIGITS = 6
SECRET_BYTES = 32
WRONG_PER_ADDRESS, ADDRESS_SECONDS = 5, 60.0
WRONG_IN_ALL, ALL_SECONDS = 30, 600.0
"""Wrong PINs in so many seconds: at 30 in ten minutes, all of six digits take 231 days."""


@dataclass(frozen=True, slots=True)
class Entered:
    """What came of a PIN. wait: seconds until another one is looked at."""

    right: bool
    wait: float = 0.0
    """Above 0: this one was not looked at."""
    first_wrong: bool = False
    """The first wrong one of this address for a while."""


def kept_secret(log: Callable[[str], None]) -> tuple[bytes, str]:
    """(secret, PIN) of this machine, made and written on the first call. Waits for the disk."""
    found = cache.read(KEPT)
    try:
        secret, pin = bytes.fromhex(found["secret"]), found["pin"]
        if len(secret) == SECRET_BYTES and len(pin) == DIGITS and pin.isdecimal():
            return secret, pin
    except (TypeError, KeyError, ValueError):
        pass  # none yet, or torn: then every device enters the new PIN once
    secret = secrets.token_bytes(SECRET_BYTES)
    pin = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    if not cache.write(KEPT, {"secret": secret.hex(), "pin": pin}):
        log(
            f"{cache.folder()} cannot be written: the page's PIN is another one after the next "
            "start, and devices have to enter it again"
        )
    return secret, pin


class Pin:
    """One PIN, and the devices that know it. Belongs to one thread."""

    def __init__(self, secret: bytes, text: str, now: Callable[[], float] = time.monotonic) -> None:
        """text: the digits. now: seconds."""
        self.text = text
        self._secret, self._now = secret, now
        self._wrong: deque[tuple[float, str]] = deque()
        # another PIN, another cookie: shows at two ports of one host share their cookies
        self.cookie = f"vj-device-{self._signed('cookie')[:8]}"
        self.view_cookie = f"vj-view-{self._signed('cookie')[:8]}"
        self.view_key = self._signed("view")[:24]
        """What a link to `/view` carries."""

    def _signed(self, text: str) -> str:
        """Hexadecimal; changes with the PIN."""
        message = f"{self.text}|{text}".encode()
        return hmac.new(self._secret, message, hashlib.sha256).hexdigest()

    def new_device(self) -> str:
        """The value of a cookie for a device that has entered the PIN."""
        device = secrets.token_hex(8)
        return f"{device}.{self._signed(f'device {device}')}"

    def knows_device(self, cookie: str) -> bool:
        """Whether the value is one that `new_device` made, in this run or an earlier one."""
        device, _, signature = cookie.partition(".")
        return _same(signature, self._signed(f"device {device}"))

    def knows_view(self, key: str) -> bool:
        """Whether it is the key of the link to `/view`."""
        return _same(key, self.view_key)

    def enter(self, given: str, address: str) -> Entered:
        """A PIN that somebody at an address has typed. While too many were wrong none is looked at,
        a right one neither."""
        now, who = self._now(), _network(address)
        while self._wrong and self._wrong[0][0] <= now - ALL_SECONDS:
            self._wrong.popleft()
        own = [at for at, one in self._wrong if one == who and at > now - ADDRESS_SECONDS]
        waits = [0.0]
        if len(own) >= WRONG_PER_ADDRESS:
            waits.append(own[-WRONG_PER_ADDRESS] + ADDRESS_SECONDS - now)
        if len(self._wrong) >= WRONG_IN_ALL:
            waits.append(self._wrong[-WRONG_IN_ALL][0] + ALL_SECONDS - now)
        if max(waits) > 0:
            return Entered(False, math.ceil(max(waits)))
        if _same(given, self.text):
            return Entered(True)
        self._wrong.append((now, who))
        return Entered(False, first_wrong=not own)


def _same(given: str, wanted: str) -> bool:
    """Compared in constant time."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())


def _network(address: str) -> str:
    """Whose guesses are counted together: an IPv4 address, an IPv6 network, of which anybody has
    2**64 addresses."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
