"""A real show in a process of its own for tests of its page, and what a hand does on that page."""

from __future__ import annotations

import json
import socket
import urllib.request
from pathlib import Path
from typing import Any

from tests.browser import Page, Point
from tests.shows import HOST, ShowProcess, free_port
from tests.waiting import until

SHOW = """\
show: Mine
model: none
source: testcard
size: 128x128
fps: 30
sinks: []
midi: off
page: {faders: [macro/pedal, strength, mix/wet, feedback/amount]}
start: {prompt/a: gold, strength: 0.4, feedback/amount: 0.5}
macros:
  pedal: {drives: {strength: [0.2, 0.9]}}
cues:
  - {name: calm, set: {picture/saturation: 1}}
  - {name: grey, fade: 1.5 s, set: {picture/saturation: 0}}
"""


class PageShow(ShowProcess):
    """A show that plays, with the page at a port of its own, or at `page_port`."""

    def __init__(
        self, folder: Path, text: str = SHOW, *arguments: str, page_port: int = 0, host: str = HOST
    ) -> None:
        """text: its file. host: where the page listens. Returns once the page answers."""
        self.folder, self.file = folder, folder / "mine.yaml"
        self.file.write_text(text, encoding="utf-8")
        port, page_port = free_port(), page_port or free_port(socket.SOCK_STREAM)
        listen = ("--page", f"{host}:{page_port}", "--osc", f"{HOST}:{port}")
        super().__init__(folder, self.file.name, *listen, *arguments, osc_port=port)
        self.url = f"http://{HOST}:{page_port}/"
        self.page_port = page_port
        until(self._answers, lambda: self.text)

    def _answers(self) -> bool:
        assert self.alive, f"it ended:\n{self.text}"
        try:
            return self.get("state.json") != b""
        except OSError:
            return False

    def get(self, path: str) -> bytes:
        """What the page's server has there."""
        with urllib.request.urlopen(self.url + path, timeout=60) as answer:
            body: bytes = answer.read()
            return body

    def values(self) -> dict[str, Any]:
        """All parameters, as they are set."""
        values: dict[str, Any] = json.loads(self.get("state.json"))["values"]
        return values

    def set(self, name: str, value: Any) -> None:
        """As a script would, over HTTP."""
        body = json.dumps({"name": name, "value": value}).encode()
        request = urllib.request.Request(self.url + "set", data=body, method="POST")
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert json.load(answer)["ok"]

    def until_set(self, name: str, value: Any, near: float = 1e-3) -> None:
        """Wait until a parameter is set to this."""

        def so() -> bool:
            found = self.values()[name]
            return abs(found - value) <= near if isinstance(value, float) else found == value

        until(so, lambda: f"{name} is {self.values()[name]}, not {value}")


STILL = """new Promise(done => {
    const places = () => [...document.querySelectorAll("#stage *")].map(one => {
        const {x, y, width, height} = one.getBoundingClientRect();
        return one.matches("[role=slider], .pad, canvas") ? `${x} ${y} ${width} ${height}` : "";
    }).join();
    const before = places();
    requestAnimationFrame(() => requestAnimationFrame(() => done(places() === before)));
})"""
"""Whether nothing on the stage has moved for two pictures of the screen."""


class Hand:
    """What a performer sees and touches on the page."""

    def __init__(self, page: Page, show: PageShow) -> None:
        self.page, self.show = page, show
        page.open(show.url)
        page.until("!document.body.classList.contains('away')")
        page.until("document.querySelectorAll('#stage [role=slider]').length > 1")
        page.until("document.querySelector('#stage canvas')?.width > 16")  # which shapes the rest
        page.until(STILL)

    @staticmethod
    def fader(name: str) -> str:
        """A fader of the stage, as a selector."""
        return f'#stage [role="slider"][data-name="{name}"]'

    def shown(self, name: str) -> float:
        """What a fader of the stage says."""
        return float(
            self.page.evaluate(f"document.querySelector('{self.fader(name)}').ariaValueNow")
        )

    def shows(self, name: str, value: float) -> bool:
        """Whether a fader of the stage says this."""
        return abs(self.shown(name) - value) < 1e-3

    def ghost(self, name: str) -> float:
        """Where its ghost mark stands: 0 at the foot of the track, 1 at its top."""
        share: float = self.page.evaluate(
            """selector => {
                const fader = document.querySelector(selector);
                const mark = fader.querySelector("[data-ghost]").getBoundingClientRect();
                const track = fader.querySelector(".track").getBoundingClientRect();
                return 1 - (mark.top - track.top) / track.height;
            }""",
            self.fader(name),
        )
        return share

    def track(self, name: str) -> float:
        """Pixels of a fader's whole range."""
        return self.page.box(f"{self.fader(name)} .track")[3]

    def up(self, name: str, pixels: float) -> list[Point]:
        """The way of a finger from the middle of a fader, upwards. It has to go some way until it
        counts as a drag."""
        x, y = self.page.centre(self.fader(name))
        return [(x, y), (x, y - 12), (x, y - 12 - pixels)]

    def open_tab(self, name: str) -> None:
        """One of the tabs, by what stands on it, as soon as the page has it."""
        found = """[...document.querySelectorAll("[role=tab]")]
                .find(tab => tab.textContent.trim() === name)"""
        self.page.until(f"name => !!{found}", name)
        self.page.evaluate(f"name => {found}.click()", name)
