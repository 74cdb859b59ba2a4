"""Pictures as styles in a real Chromium: dropped, added, tapped alone, held for a walk, removed."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from tests.browser import STAGES, Page
from tests.fetched import needs
from tests.waiting import until
from tests.web.conftest import NewPage
from tests.web.page_show import Hand, PageShow
from vj.painters.own_styles import own_styles

SHOW = """\
show: Painted
model: none
source: ["draw:", drawn:harbour]
size: 64x64
fps: 10
sinks: []
midi: off
start: {strength: 1, feedback/amount: 0, blend/smoothing: 0, prompt/travel: 0, crossfade: 0}
"""
OWN = list(own_styles())
DROP = """([selector, name, kind, colours]) => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 96;
    const context = canvas.getContext("2d");
    for (let row = 0; row < 96; row += 4) {
        context.fillStyle = colours[(row / 4) % colours.length];
        context.fillRect(0, row, 96, 4);
    }
    return new Promise(done => canvas.toBlob(async blob => {
        const files = new DataTransfer();
        const body = kind === "image/png" ? blob : new Blob(["no picture"]);
        files.items.add(new File([body], name, {type: kind}));
        const element = document.querySelector(selector);
        const tell = type => element.dispatchEvent(new DragEvent(
            type, {bubbles: true, cancelable: true, dataTransfer: files}));
        tell("dragover");
        const sign = document.querySelector(".drop-sign");
        const said = sign.hidden ? "" : sign.textContent;
        const left = tell("drop");
        done([said, left, sign.hidden]);
    }, "image/png"));
}"""
"""Drops a striped picture, or a file that is none, on an element: what the sign said meanwhile, and
whether the browser would leave the page."""


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageShow]:
    made = PageShow(tmp_path_factory.mktemp("painted"), SHOW)
    yield made
    made.close()


def drop(page: Page, selector: str, name: str, *colours: str, kind: str = "image/png") -> str:
    said, leaves, hidden = page.evaluate(DROP, [selector, name, kind, list(colours)])
    assert not leaves, "the browser must not leave the page for the picture"
    assert hidden
    return str(said)


def seen(show: PageShow) -> np.ndarray:
    """The mean colour of the output, RGB."""
    body = show.get("picture.png?view=output")
    found = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR_RGB)
    assert found is not None
    mean: np.ndarray = found.mean((0, 1))
    return mean


def tiles(page: Page) -> dict[str, str]:
    """Each picture's name and what it says: `1`, `2 40 %`; empty off the walk."""
    found: dict[str, str] = page.evaluate(
        """Object.fromEntries([...document.querySelectorAll(".style")].map(tile => [
            tile.querySelector(".name").textContent,
            [tile.ariaPressed === "true" ? "on" : "", tile.querySelector(".place").textContent,
             tile.querySelector(".share").textContent].filter(Boolean).join(" ")]))"""
    )
    return found


def tap(page: Page, name: str) -> None:
    """(A finger that takes long on a busy machine would hold.)"""
    page.until("name => [...document.querySelectorAll('.style')].some(t => t.title === name)", name)
    page.evaluate(
        "name => [...document.querySelectorAll('.style')].find(t => t.title === name).click()", name
    )


@needs("arbitrary_predict.onnx", "arbitrary_transform.onnx")
@pytest.mark.long
def test_a_dropped_picture_becomes_the_style_and_is_played_with_the_others(
    show: PageShow, new_page: NewPage
) -> None:
    hand = Hand(new_page(STAGES["phone"], touch=True), show)
    page = hand.page
    # Another model plays: the one that takes pictures is offered, and plays with this one.
    said = drop(page, ".picture", "poppies.png", "#c01010", "#701008", "#f04020")
    assert said == "a picture becomes the style"
    page.until("document.querySelector('.t-sheet')?.textContent.includes('now none plays')")
    assert show.values()["model"] == ""
    page.evaluate("document.querySelector('.t-sheet .t-main').click()")
    show.until_set("model", "picture")
    show.until_set("image/styles", "poppies")
    kept = show.folder / "shows" / "pictures"
    assert [path.name for path in kept.iterdir()] == ["poppies.jpg"]
    until(lambda: seen(show)[0] > 2 * seen(show)[2], lambda: seen(show))  # it is red
    hand.open_tab("styles")
    page.until("document.querySelectorAll('.style').length === 5")
    assert tiles(page) == {"poppies": "on", **dict.fromkeys(OWN, "")}
    page.until("[...document.querySelectorAll('.style img')].every(one => one.naturalWidth > 0)")
    # A second one under the same name; nothing is offered any more.
    drop(page, "#stage", "poppies.png", "#1020d0", "#081070", "#3060ff")
    show.until_set("image/styles", "poppies (2)")
    until(lambda: seen(show)[2] > 1.5 * seen(show)[0], lambda: seen(show))  # it is blue
    # Held: a walk of two; the fader leads.
    page.until("document.querySelectorAll('.style').length === 6")
    page.touch_start(page.centre(".style[title='poppies']"))
    show.until_set("image/styles", "poppies (2), poppies")
    page.touch_end()
    show.set("image/mix", 0.75)
    page.until("document.querySelector(\".style[title='poppies'] .share\").textContent === '75 %'")
    assert tiles(page)["poppies (2)"] == "on 1 25 %"
    until(lambda: seen(show)[0] > seen(show)[2], lambda: seen(show))
    # There and back: one stands twice on the walk.
    show.set("image/styles", "poppies, poppies (2), poppies")
    page.until("document.querySelector(\".style[title='poppies'] .place\").textContent === '1, 3'")
    assert tiles(page)["poppies"] == "on 1, 3 50 %"
    show.set("image/styles", "poppies (2), poppies")
    page.until("document.querySelector(\".style[title='poppies'] .place\").textContent === '2'")
    # Walk: taps put on and take off.
    page.evaluate("document.querySelector('.styles .t-acts button').click()")
    tap(page, OWN[0])
    show.until_set("image/styles", f"poppies (2), poppies, {OWN[0]}")
    tap(page, "poppies (2)")
    show.until_set("image/styles", f"poppies, {OWN[0]}")
    page.evaluate("document.querySelector('.styles .t-acts button').click()")
    # Alone, and gone for good.
    assert not page.evaluate("document.querySelector('.styles').textContent.includes('Remove')")
    tap(page, "poppies")
    show.until_set("image/styles", "poppies")
    page.until("!!document.querySelector('[aria-label=\"remove poppies\"]')")
    page.evaluate("document.querySelector('[aria-label=\"remove poppies\"]').click()")
    page.evaluate("document.querySelector('.styles .t-armed').click()")  # asked twice
    until(lambda: [path.name for path in kept.iterdir()] == ["poppies (2).jpg"])
    show.until_set("image/styles", "")
    page.until("document.querySelectorAll('.style').length === 5")
    show.set("model", "")
    page.until("[...document.querySelectorAll('[role=tab]')].some(t => t.textContent === 'words')")


@pytest.mark.long
def test_a_drop_on_the_canvas_is_drawn_and_what_is_no_picture_is_said(
    show: PageShow, new_page: NewPage
) -> None:
    show.set("model", "")
    show.until_set("model", "")
    hand = Hand(new_page(STAGES["desk"]), show)
    page = hand.page
    hand.open_tab("draw")
    page.until("document.querySelector('.t-paper')?.width > 16")
    said = drop(page, ".t-glass", "green.png", "#00ff00")
    assert said == "a picture comes onto the canvas"
    until(lambda: seen(show)[1] > seen(show)[0] + 40, lambda: seen(show))
    drop(page, ".picture", "notes.txt", kind="text/plain")
    page.until("document.querySelector('.said').textContent.includes('cannot read notes.txt')")
    assert not page.evaluate("!!document.querySelector('.t-sheet')")
    assert not page.evaluate("location.pathname !== '/'")


@pytest.mark.long
def test_a_page_that_may_only_look_takes_no_picture(show: PageShow, new_page: NewPage) -> None:
    page = new_page(STAGES["desk"])
    page.open(f"{show.url}view?key=")
    page.until("!document.body.classList.contains('away')")
    assert drop(page, ".picture", "red.png", "#ff0000") == ""
    page.until("document.querySelector('.said').textContent.includes('may look')")
    assert not page.evaluate("!!document.querySelector('.t-sheet')")
