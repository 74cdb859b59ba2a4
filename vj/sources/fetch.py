"""Fetches a file from a web server, on a thread of its own; goes on where it was broken off."""

from __future__ import annotations

import http.client
import shutil
import threading
import urllib.error
import urllib.request
from email.message import Message
from pathlib import Path
from urllib.parse import unquote, urlsplit

from vj.core.errors import Fault
from vj.sources import Awaited
from vj.sources.network import AGENT, as_sent, without_password
from vj.sources.stream_link import A_PAGE, PAGES, wants_password, without_user

SILENT = 10.0
"""Seconds without anything after which a server is given up, and asked again."""

PART = 1 << 18
"""Bytes that are read at once."""

SPARE = 1 << 30
"""Bytes of the disk that are left to others."""

MB = 1_000_000


class Fetch:
    """One file, from its address to a path. May be used from any thread."""

    def __init__(self, address: str, path: Path) -> None:
        """path: where it is once it is whole; a name beside it is taken until then."""
        self.address, self.path = as_sent(address), path
        self._name = without_password(address)
        self._part = path.with_name(f"{path.name}.part")
        self._lock = threading.Lock()
        self._over = threading.Event()
        """It is here, or the last attempt has failed."""
        self._thread: threading.Thread | None = None
        self._fault: Fault | None = None
        self._whole: int | None = None
        """Bytes, once the server has said so."""
        self._come = 0
        self._endless: Fault | None = None
        """It filled the disk once, and is not asked for again."""
        self._version = ""
        """What the server calls what has come so far, so that it goes on with the same."""

    def wait(self, limit: float | None) -> bool:
        """Begin, or go on after a failure, and wait. limit: seconds; None: until it is over. False
        while it is on its way. Raises what the attempt failed with."""
        with self._lock:
            if self.path.is_file():
                return True
            if self._endless is not None:
                raise self._endless
            if self._thread is None:
                self._over.clear()
                self._fault = None
                self._thread = threading.Thread(
                    target=self._run, name=f"download {self._name}", daemon=True
                )
                self._thread.start()
        if not self._over.wait(limit):
            return False
        with self._lock:
            self._thread, fault = None, self._fault
        if fault is not None:
            raise fault
        return True

    def progress(self) -> str:
        """`"is being fetched, 12 of 40 MB"`."""
        whole = "" if not self._whole else f" of {self._whole / MB:.1f}"
        return f"is being fetched, {self._come / MB:.1f}{whole} MB have come"

    def _run(self) -> None:
        come = -1
        while self._come > come:  # once more as long as something comes
            come, self._fault = self._come, self._attempt()
            if not isinstance(self._fault, Awaited):
                break
        self._over.set()

    def _attempt(self) -> Fault | None:
        """Fetch what is missing. What it failed with."""
        try:
            self._get()
        except Fault as fault:
            return fault
        except urllib.error.HTTPError as error:
            return self._said_no(error)
        except (OSError, ValueError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            reason = getattr(reason, "strerror", None) or reason
            return Awaited(f"{self._name}: cannot be fetched ({reason}){self._so_far()}")
        except Exception as error:  # the thread's end is always told
            return Fault(f"{self._name}: {type(error).__name__}: {error}"[:300])
        return None

    def _so_far(self) -> str:
        return f"; {self.progress()}" if self._come else ""

    def _said_no(self, error: urllib.error.HTTPError) -> Fault:
        """What a server's answer of 400 and more is told as."""
        if error.code < 400:
            return Fault(f"{self._name}: the server sends on and on, from one address to the next")
        said = {
            401: wants_password(self.address),
            403: "the server does not allow it (403)",
            404: "the server has nothing there (404)",
            410: "the server has nothing there any more (410)",
        }.get(error.code)
        if said is None:
            return Awaited(f"{self._name}: the server answers {error.code} {error.reason}")
        return Fault(f"{self._name}: {said}")

    def _get(self) -> None:
        self._come = self._part.stat().st_size if self._version and self._part.exists() else 0
        request = urllib.request.Request(without_user(self.address), headers=AGENT)
        if self._come:
            request.add_header("Range", f"bytes={self._come}-")
            request.add_header("If-Range", self._version)
        with opener(self.address).open(request, timeout=SILENT) as answer:
            if answer.headers.get_content_type() in PAGES:
                raise Fault(f"{self._name}: {A_PAGE}")
            if answer.headers.get_content_maintype() == "multipart":
                raise Fault(f"{self._name}: sends pictures without an end; write stream: before it")
            if answer.status != 206:
                self._come = 0
            self._version = version(answer.headers)
            size = answer.headers.get("Content-Length", "")
            self._whole = self._come + int(size) if size.isdecimal() else None
            if (too_large := self._lacks_room()) is not None:
                raise too_large
            endless = None
            with self._part.open("ab" if self._come else "wb") as file:
                while endless is None and (piece := answer.read(PART)):
                    file.write(piece)
                    self._come += len(piece)
                    endless = self._lacks_room() if self._whole is None else None
        if endless is not None:
            self._part.unlink(missing_ok=True)
            self._endless = endless
            raise endless
        if self._whole is not None and self._come < self._whole:
            raise Awaited(f"{self._name}: broken off{self._so_far()}")
        self._part.replace(self.path)

    def _lacks_room(self) -> Fault | None:
        """Why there is no room for it, or for more of what has no end that is known."""
        free, whole = shutil.disk_usage(self.path.parent).free, self._whole
        if (whole or self._come) - self._come <= free - SPARE:
            return None
        has = (
            f"has {whole / MB:.0f} MB" if whole else f"does not end after {self._come / MB:.0f} MB"
        )
        return Fault(f"{self._name}: {has}, and in {self.path.parent} {free / MB:.0f} MB are free")


def version(headers: Message) -> str:
    """What a server calls this state of a file, where it can go on within it; else empty."""
    if headers.get("Accept-Ranges", "bytes").strip() == "none":
        return ""
    tag = headers.get("ETag", "")
    return tag if tag and not tag.startswith("W/") else headers.get("Last-Modified", "")


def opener(address: str) -> urllib.request.OpenerDirector:
    """Opens addresses with the user and password that stand in this one."""
    passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    parts = urlsplit(address)
    if parts.username:
        user, word = unquote(parts.username), unquote(parts.password or "")
        passwords.add_password(None, without_user(address), user, word)
    return urllib.request.build_opener(
        urllib.request.HTTPBasicAuthHandler(passwords),
        urllib.request.HTTPDigestAuthHandler(passwords),
    )
