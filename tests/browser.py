"""A real Chromium for tests of the page: fingers, mouse, keys, JavaScript, screenshots, and what
the page's console reported. `new_page` of tests/web/conftest.py makes pages of it.

    python -m tests.browser URL --size 390x844 --touch OUT.png
"""

from __future__ import annotations

import argparse
import base64
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.chromium import PATIENCE, BrowserError, Chromium
from tests.waiting import until

STAGES = {
    "desk": (1440, 900),
    "tablet": (820, 1180),
    "phone": (390, 844),
    "phone_wide": (844, 390),
}
"""The four sizes that the page is made for, in CSS pixels."""
REST = 0.15
"""Seconds without a move after which Chromium takes a finger for resting, and a bit."""

Point = tuple[float, float]


class Browser:
    """One headless Chromium. `close`, or it ends with this process."""

    def __init__(self) -> None:
        """Raises AssertionError where there is none."""
        self._pages: dict[str, Page] = {}
        self.chromium = Chromium(self._report)

    def page(self, size: tuple[int, int] = STAGES["desk"], *, touch: bool = False) -> Page:
        """An empty page with cookies and storage of its own. touch: fingers, not a mouse."""
        command = self.chromium.command
        context = command("Target.createBrowserContext")["browserContextId"]
        target = command("Target.createTarget", url="about:blank", browserContextId=context)
        found = command("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        session = found["sessionId"]
        made = self._pages[session] = Page(self.chromium, session, context)
        made.prepare(size, touch)
        return made

    def forget(self, page: Page) -> None:
        """Close a page, and drop its cookies and storage."""
        if self._pages.pop(page.session, None) is not None:
            self.chromium.command("Target.disposeBrowserContext", browserContextId=page.context)

    def close(self) -> None:
        """End Chromium. May be called twice."""
        self.chromium.close()

    def _report(self, session: str, method: str, params: dict[str, Any]) -> None:
        page = self._pages.get(session)
        if page is not None:
            page.report(method, params)


class Page:
    """One page. Points are CSS pixels from its upper left corner."""

    def __init__(self, chromium: Chromium, session: str, context: str) -> None:
        self.session, self.context = session, context
        self._chromium = chromium
        self.errors: list[str] = []
        """What its console reported as an error, and what it did not catch."""
        self._expected: list[str] = []
        self._fingers: list[Point] = []

    def prepare(self, size: tuple[int, int], touch: bool) -> None:
        """What every page begins with."""
        for domain in ("Page", "Runtime", "Log"):
            self.command(f"{domain}.enable")
        self.resize(size, touch)
        if touch:
            self.command("Emulation.setTouchEmulationEnabled", enabled=True, maxTouchPoints=5)

    def command(self, method: str, **params: Any) -> dict[str, Any]:
        """A command of the DevTools protocol, to this page."""
        return self._chromium.command(method, self.session, **params)

    def resize(self, size: tuple[int, int], mobile: bool = False) -> None:
        """As if on a screen of this size."""
        width, height = size
        self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=mobile,
        )

    def open(self, url: str) -> Page:
        """Load a page, and wait until it and its modules have been. Raises BrowserError."""
        self.evaluate("window.before = true")
        failed = self.command("Page.navigate", url=url).get("errorText")
        if failed:
            raise BrowserError(f"{url}: {failed}")
        until(self._loaded, lambda: f"{url} does not load; {self.errors}", PATIENCE)
        return self

    def _loaded(self) -> bool:
        """Whether the page that was gone to is there. A question that comes as the old one goes is
        answered with an error."""
        try:
            return bool(self.evaluate("!window.before && document.readyState === 'complete'"))
        except BrowserError as error:
            if "navigated" in str(error) or "context" in str(error):
                return False
            raise

    def evaluate(self, script: str, *values: Any) -> Any:
        """What an expression gives, once its promise has. With values: of a function, called with
        them. Raises BrowserError with what it threw."""
        call = f"({script})({', '.join(map(json.dumps, values))})" if values else script
        found = self.command(
            "Runtime.evaluate",
            expression=call,
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
        )
        if "exceptionDetails" in found:
            raise BrowserError(f"{script[:200]}: {_thrown(found['exceptionDetails'])}")
        return found["result"].get("value")

    def until(self, script: str, *values: Any, seconds: float = PATIENCE) -> Any:
        """Wait until an expression gives something true, and return it."""
        last: list[Any] = [None]

        def true() -> bool:
            last[0] = self.evaluate(script, *values)
            return bool(last[0])

        until(true, lambda: f"{script} is {last[0]!r}; {self.errors}\n{self.text()}", seconds)
        return last[0]

    def text(self) -> str:
        """All that can be read on it."""
        return str(self.evaluate("document.body ? document.body.innerText : ''"))[:2000]

    def box(self, selector: str) -> tuple[float, float, float, float]:
        """x, y, width and height of the first such element that is shown, once one is."""
        x, y, width, height = self.until(
            """selector => [...document.querySelectorAll(selector)].map(one =>
                one.getBoundingClientRect()).filter(box => box.width * box.height > 0)
                .map(box => [box.x, box.y, box.width, box.height])[0]""",
            selector,
        )
        return x, y, width, height

    def centre(self, selector: str) -> Point:
        """The middle of the first such element that is shown, once one is; scrolled to, where it is
        in something that scrolls."""
        self.box(selector)
        self.evaluate(
            """selector => [...document.querySelectorAll(selector)]
                .find(one => one.getClientRects().length).scrollIntoView({block: "nearest"})""",
            selector,
        )
        x, y, width, height = self.box(selector)
        return x + width / 2, y + height / 2

    # Fingers.

    def touch_start(self, *fingers: Point) -> None:
        """Fingers come down, each at its point; those that are down stay."""
        self._touch("touchStart", [*self._fingers, *fingers])

    def touch_move(self, *fingers: Point) -> None:
        """All fingers that are down, in their order, move."""
        self._touch("touchMove", list(fingers))

    def touch_end(self) -> None:
        """All fingers leave."""
        self._touch("touchEnd", [])

    def touch_cancel(self) -> None:
        """The system takes the touch away, as for a call or a notification."""
        self._touch("touchCancel", [])

    def drag(self, *ways: Sequence[Point], steps: int = 8) -> None:
        """Fingers come down at the starts of their ways, move along together, rest and leave. One
        that leaves in full motion flings, and the next tap then only stops what it has flung."""
        self.touch_start(*(way[0] for way in ways))
        self.move_along(*ways, steps=steps)
        time.sleep(REST)
        self.touch_end()

    def move_along(self, *ways: Sequence[Point], steps: int = 8) -> None:
        """Fingers that are down move along straight ways from point to point."""
        for leg in range(len(ways[0]) - 1):
            for step in range(1, steps + 1):
                share = step / steps
                self.touch_move(*(_between(way[leg], way[leg + 1], share) for way in ways))

    def tap(self, at: Point | str, times: int = 1) -> None:
        """A finger touches a point, or the middle of an element, so many times."""
        point = self.centre(at) if isinstance(at, str) else at
        for _ in range(times):
            self.touch_start(point)
            self.touch_end()

    def _touch(self, kind: str, fingers: list[Point]) -> None:
        self._fingers = fingers
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(fingers)]
        self.command("Input.dispatchTouchEvent", type=kind, touchPoints=points)

    # Mouse and keys.

    def mouse(self, kind: str, at: Point, buttons: int = 1, **more: Any) -> None:
        """kind: `Pressed`, `Released`, `Moved` or `Wheel` (with deltaX, deltaY)."""
        button = "left" if kind in ("Pressed", "Released") else "none"
        self.command(
            "Input.dispatchMouseEvent",
            type=f"mouse{kind}",
            x=at[0],
            y=at[1],
            button=button,
            **{"buttons": buttons, "clickCount": 1, **more},
        )

    def click(self, at: Point | str, times: int = 1) -> None:
        """The left button of the mouse, at a point or the middle of an element."""
        point = self.centre(at) if isinstance(at, str) else at
        self.mouse("Moved", point, 0)
        for count in range(1, times + 1):
            self.mouse("Pressed", point, clickCount=count)
            self.mouse("Released", point, 0, clickCount=count)

    def key(self, key: str, modifiers: int = 0) -> None:
        """A key is pressed and released: a character, `ArrowUp`, `Enter`. modifiers: 1 Alt, 2
        Control, 4 Meta, 8 Shift."""
        code = {" ": "Space"}.get(key) or (f"Digit{key}" if key.isdigit() else key)
        if len(key) == 1 and key.isalpha():
            code = f"Key{key.upper()}"
        number = KEYS.get(key) or ord(key[0].upper())
        told = {"key": key, "code": code, "modifiers": modifiers, "windowsVirtualKeyCode": number}
        text = {"text": "\r" if key == "Enter" else key} if len(key) == 1 or key == "Enter" else {}
        self.command(
            "Input.dispatchKeyEvent", type="keyDown", **told, **({} if modifiers else text)
        )
        self.command("Input.dispatchKeyEvent", type="keyUp", **told)

    def type_text(self, text: str) -> None:
        """Text, into what has the focus."""
        self.command("Input.insertText", text=text)

    # What it looks like, and what went wrong.

    def screenshot(self) -> bytes:
        """As PNG."""
        return base64.b64decode(self.command("Page.captureScreenshot", format="png")["data"])

    def expect(self, *texts: str) -> None:
        """Errors that contain one of these texts are what the test is about."""
        self._expected += texts

    def report(self, method: str, params: dict[str, Any]) -> None:
        """An event of the DevTools protocol. On the browser's thread."""
        text = ""
        if method == "Runtime.exceptionThrown":
            text = _thrown(params["exceptionDetails"])
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "assert"):
            text = " ".join(str(one.get("value", one.get("description"))) for one in params["args"])
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            text = f"{params['entry']['text']} ({params['entry'].get('url', '')})"
        if text:
            self.errors.append(text)

    def check(self) -> None:
        """Raises AssertionError with the errors that no test expected."""
        wrong = [one for one in self.errors if not any(text in one for text in self._expected)]
        assert not wrong, f"the page's console: {wrong}"


KEYS = {"ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Enter": 13, "Tab": 9}
KEYS |= {"Escape": 27, "Home": 36, "End": 35, "PageUp": 33, "PageDown": 34, "Backspace": 8}


def _between(a: Point, b: Point, share: float) -> Point:
    return a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])


def _thrown(details: dict[str, Any]) -> str:
    exception = details.get("exception", {})
    return str(exception.get("description") or exception.get("value") or details.get("text"))


def main() -> None:
    options = argparse.ArgumentParser(description="A screenshot of a page that plays.")
    options.add_argument("url")
    options.add_argument("out", type=Path)
    options.add_argument("--size", default="1440x900", help="or desk, tablet, phone, phone_wide")
    options.add_argument("--touch", action="store_true")
    options.add_argument("--wait", type=float, default=2.0, help="seconds, after it has loaded")
    options.add_argument("--script", default="", help="JavaScript, before")
    given = options.parse_args()
    width, height = STAGES.get(given.size) or map(int, given.size.split("x"))
    browser = Browser()
    try:
        page = browser.page((width, height), touch=given.touch).open(given.url)
        if given.script:
            print(page.evaluate(given.script))
        time.sleep(given.wait)
        given.out.write_bytes(page.screenshot())
        print("\n".join(page.errors))
    finally:
        browser.close()


if __name__ == "__main__":
    main()
