"""A headless Chromium, and the pipe through which it is driven by the DevTools protocol."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from typing import Any

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
MISSING = "chromium is missing: apt install chromium"
PATIENCE = 90.0
"""Seconds until a command that Chromium does not answer is given up."""
FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"),
    *("--no-first-run", "--disable-extensions", "--disable-component-update", "--mute-audio"),
    *("--disable-background-networking", "--disable-dev-shm-usage", "--hide-scrollbars"),
    # Pages that no window shows are throttled otherwise; ten are played at once.
    *("--disable-background-timer-throttling", "--disable-renderer-backgrounding"),
    "--disable-backgrounding-occluded-windows",
)
LAUNCH = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.dup2(int(sys.argv[2]), 4)
os.execvp(sys.argv[3], sys.argv[3:])
"""
"""Chromium reads its commands at descriptor 3 and answers at 4. It ends when they close: a test run
that is killed leaves none behind."""


class BrowserError(AssertionError):
    """What Chromium, or the page's JavaScript, refused."""


class Chromium:
    """Its process, with a profile folder of its own. `close`, or it ends with this process."""

    def __init__(self, on_event: Callable[[str, str, dict[str, Any]], None]) -> None:
        """on_event: told the session, the method and the parameters of what happens in a page, on a
        thread of its own. Raises AssertionError where there is no Chromium."""
        assert CHROMIUM is not None, MISSING
        self._on_event = on_event
        self._profile = tempfile.mkdtemp(prefix="vj-chromium-")
        ours, theirs = _pipe(), _pipe()
        flags = (*FLAGS, f"--user-data-dir={self._profile}", "about:blank")
        self.process = subprocess.Popen(
            [sys.executable, "-c", LAUNCH, str(ours[0]), str(theirs[1]), CHROMIUM, *flags],
            pass_fds=(ours[0], theirs[1]),
            process_group=0,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(ours[0])
        os.close(theirs[1])
        self._write, self._read = ours[1], theirs[0]
        self._numbers = itertools.count(1)
        self._changed = threading.Condition()
        self._waiting: set[int] = set()
        self._replies: dict[int, dict[str, Any]] = {}
        self._ended = False
        threading.Thread(target=self._listen, name="chromium", daemon=True).start()

    def command(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        """A command of the DevTools protocol, and what it gives. session: of which page. Raises
        BrowserError."""
        message: dict[str, Any] = {"method": method, "params": params}
        if session is not None:
            message["sessionId"] = session
        with self._changed:
            number = message["id"] = next(self._numbers)
            self._waiting.add(number)
            data = json.dumps(message).encode() + b"\0"
            while data:
                data = data[os.write(self._write, data) :]
            self._changed.wait_for(lambda: number in self._replies or self._ended, PATIENCE)
            self._waiting.discard(number)
            reply = self._replies.pop(number, None)
        if reply is None:
            raise BrowserError(f"{method}: {'chromium ended' if self._ended else 'no answer'}")
        if "error" in reply:
            raise BrowserError(f"{method}: {reply['error'].get('message')}")
        result: dict[str, Any] = reply["result"]
        return result

    def close(self) -> None:
        """End it. May be called twice."""
        with self._changed:
            if self._write >= 0:
                os.close(self._write)
            self._write = -1
        if self.process.poll() is None:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        shutil.rmtree(self._profile, ignore_errors=True)

    def _listen(self) -> None:
        rest = b""
        while chunk := os.read(self._read, 1 << 20):
            *messages, rest = (rest + chunk).split(b"\0")
            for message in map(json.loads, messages):
                if "id" not in message:
                    self._on_event(
                        message.get("sessionId", ""), message["method"], message["params"]
                    )
                    continue
                with self._changed:
                    if message["id"] in self._waiting:
                        self._replies[message["id"]] = message
                        self._changed.notify_all()
        os.close(self._read)
        with self._changed:
            self._ended = True
            self._changed.notify_all()


def _pipe() -> tuple[int, int]:
    """A pipe at descriptors above those that Chromium is given."""
    import fcntl  # not on Windows, where these tests are skipped

    made = os.pipe()
    read, write = (fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in made)
    for end in made:
        os.close(end)
    return read, write
