"""Pictures on the page in a real Chromium: what is sent arrives at /out, and what is drawn on the
page arrives in what is sent."""

from __future__ import annotations

from pathlib import Path
from urllib.error import HTTPError

import cv2
import numpy as np
import pytest

from tests.browser import STAGES, Page
from tests.waiting import until
from tests.web.conftest import NewPage
from tests.web.page_show import Hand, PageShow

WIDTH, HEIGHT = 160, 96
STILL = f"""\
show: Still
model: none
source: image:still.png
size: {WIDTH}x{HEIGHT}
sinks: []
midi: off
start: {{feedback/amount: 0, blend/smoothing: 0}}
"""
DRAWN = """\
show: Drawn
model: none
source: "draw:"
size: 160x160
sinks: []
midi: off
page: {faders: [strength, mix/wet]}
start: {feedback/amount: 0, blend/smoothing: 0}
"""
GONE = "Failed to load resource", "WebSocket connection"
"""What a page says of a show that has ended before it is closed itself."""
SHOWN = """(() => {
    const canvas = document.querySelector("#picture");
    const {width, height} = canvas;
    const {data} = canvas.getContext("2d").getImageData(0, 0, width, height);
    return {width, height, data: [...data]};
})()"""


RED_ON_PAPER = """[...document.querySelectorAll(".t-draw canvas")].some(one => {
    const middle = one.getContext("2d").getImageData(one.width / 2, one.height / 2, 1, 1).data;
    return middle[0] - middle[1] > 60;  // JPEG: 156, 59, 66
})"""


def shown(page: Page) -> np.ndarray:
    """What /out has drawn, (H, W, 3) uint8 RGB."""
    found = page.evaluate(SHOWN)
    pixels = np.array(found["data"], np.uint8).reshape(found["height"], found["width"], 4)
    return np.ascontiguousarray(pixels[..., :3])


def sent(show: PageShow, view: str = "sent") -> np.ndarray:
    """A view's newest picture, as PNG, (H, W, 3) uint8 RGB; black while there is none yet."""
    try:
        body = np.frombuffer(show.get(f"picture.png?view={view}"), np.uint8)
    except HTTPError as error:
        if error.code != 404:
            raise
        return np.zeros((WIDTH, WIDTH, 3), np.uint8)
    picture = cv2.imdecode(body, cv2.IMREAD_COLOR)
    assert picture is not None
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


def still() -> np.ndarray:
    """A picture with edges, gradients and fine colour, (H, W, 3) uint8 RGB."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    slopes = x * 255 // WIDTH, y * 255 // HEIGHT, (x + y) * 255 // (WIDTH + HEIGHT)
    picture = np.ascontiguousarray(np.stack(slopes, -1), np.uint8)
    picture[20:60, 40:90] = (230, 30, 20)
    picture[50:80, 80:140] = (20, 200, 240)
    cv2.putText(picture, "vj", (8, 88), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (255, 255, 255), 2)
    return picture


@pytest.mark.long
def test_out_shows_the_sent_frame_pixel_for_pixel(tmp_path: Path, new_page: NewPage) -> None:
    picture = still()
    cv2.imwrite(str(tmp_path / "still.png"), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    show = PageShow(tmp_path, STILL)
    try:
        until(lambda: np.array_equal(sent(show), picture), lambda: sent(show)[30, 50])
        exact = new_page().open(show.url + "out?format=png")
        until(lambda: shown(exact).shape == picture.shape)
        assert np.array_equal(shown(exact), picture)
        jpeg = new_page(STAGES["phone_wide"], touch=True).open(show.url + "out")
        until(lambda: shown(jpeg).shape == picture.shape)
        wrong = np.abs(shown(jpeg).astype(int) - picture)
        assert wrong.mean() < 2
        assert wrong.max() < 40
        assert not np.array_equal(shown(jpeg), picture), "it is JPEG that is compared"
        show.set("output/blackout", 1)
        until(lambda: shown(exact).max() == 0)
        for page in (exact, jpeg):
            page.expect(*GONE)
    finally:
        show.close()


@pytest.mark.long
def test_what_is_drawn_on_a_page_is_sent_and_others_see_it(
    tmp_path: Path, new_page: NewPage
) -> None:
    show = PageShow(tmp_path, DRAWN)
    try:
        until(lambda: sent(show).min() > 240, lambda: sent(show).mean())  # white paper
        one = Hand(new_page(STAGES["phone"], touch=True), show)
        other = Hand(new_page(STAGES["tablet"], touch=True), show)
        for hand in (one, other):
            hand.open_tab("draw")
            hand.page.until("!!document.querySelector('.t-glass')?.offsetParent")
        one.page.tap("[aria-label='colour: red']")
        one.page.tap("[aria-label='width: broad']")
        x, y, width, height = one.page.box(".t-glass")
        way = [(x + 0.2 * width, y + 0.5 * height), (x + 0.8 * width, y + 0.5 * height)]
        one.page.drag(way, steps=20)

        def line(row: int) -> bool:
            across = sent(show)[row, 48:112].astype(int)
            return bool((across[:, 0] - across[:, 1] > 100).all())

        until(lambda: line(80), lambda: sent(show)[80, 80])
        assert sent(show)[40, 80].min() > 240, "only where the finger was"
        assert sent(show)[80, 8].min() > 240
        other.page.until(RED_ON_PAPER)
        one.page.tap("[aria-label='undo my last stroke']")
        until(lambda: sent(show).min() > 240, lambda: one.page.text())
        for hand in (one, other):
            hand.page.expect(*GONE)
    finally:
        show.close()
