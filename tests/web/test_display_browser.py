"""`/display` in a real Chromium with a real show: corners are dragged, and the screen follows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import STAGES, Page
from tests.display.xvfb import desktop, needs_desktop
from tests.waiting import until
from tests.web.conftest import NewPage
from tests.web.page_show import PageShow

pytestmark = needs_desktop

SHOW = """\
show: On the wall
model: none
source: testcard
size: 160x96
fps: 10
sinks: ["display:1"]
midi: off
"""


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageShow]:
    with pytest.MonkeyPatch.context() as patch, desktop(tmp_path_factory.mktemp("xvfb")) as found:
        patch.setenv("DISPLAY", found.name)
        made = PageShow(tmp_path_factory.mktemp("wall"), SHOW)
        yield made
        made.close()


def setup(show: PageShow) -> dict[str, object]:
    """What is kept."""
    path = Path(show.folder, "displays", "screen.json")
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def opened(show: PageShow, page: Page) -> Page:
    """The page, once the display's window is there: what is set is kept by its monitor's name."""
    page.open(show.url + "display")
    page.until("document.querySelectorAll('.d-corner').length === 4")
    page.until("document.querySelector('.d-card h2').textContent.includes('screen 640x400')")
    return page


def test_corners_are_dragged_and_moved_by_keys(show: PageShow, new_page: NewPage) -> None:
    page = opened(show, new_page(STAGES["desk"]))
    x, y, width, _ = page.box(".d-corner:nth-of-type(3) .d-ring")
    at = x + width / 2, y + width / 2
    stage = page.box(".d-stage")
    far = stage[2] / 1.24 * 0.1  # a tenth of the screen
    page.mouse("Pressed", at)
    for step in range(1, 5):
        page.mouse("Moved", (at[0] - far * step / 4, at[1]))
    page.mouse("Released", (at[0] - far, at[1]), 0)
    page.key("ArrowUp", 8)  # with Shift
    wanted = pytest.approx([0.9, 1 - 10 / 400], abs=0.01)
    until(lambda: setup(show).get("corners", {}).get("bottom-right") == wanted, lambda: setup(show))


def test_the_rest_is_set_and_the_page_fits_a_phone(show: PageShow, new_page: NewPage) -> None:
    page = opened(show, new_page(STAGES["phone"]))
    page.evaluate(
        "{ const one = document.querySelector('[aria-label=mirror]'); one.value = 'across';"
        "one.dispatchEvent(new Event('change')); }"
    )
    until(lambda: setup(show).get("flip") == "across", lambda: setup(show))
    page.evaluate("document.querySelector('.d-row button').click()")
    page.until("document.querySelector('.d-card h2').textContent.includes('test pattern')")
    show.set("display/pattern", True)
    show.set("display/pattern", False)
    page.until("!document.querySelector('.d-card h2').textContent.includes('test pattern')")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
