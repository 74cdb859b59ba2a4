"""The words of the learned styles on the page: chips that mix them, what was understood, what is
not known. In a real Chromium with the real network."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser import STAGES, Page
from tests.fetched import needs
from tests.web.conftest import NewPage
from tests.web.page_show import Hand, PageShow
from vj.painters.styles import STYLES

pytestmark = needs("multistyle26.onnx")

SHOW = """\
show: Words
model: none
source: drawn:harbour
size: 64x64
fps: 10
sinks: []
midi: off
start: {prompt/a: "", prompt/b: pastel, prompt/travel: 0, crossfade: 0}
"""
CHIPS = "[...document.querySelectorAll('.chips .chip')].map(chip => chip.textContent)"
PRESSED = """[...document.querySelectorAll('.chips .chip[aria-pressed=true]')]
    .map(chip => chip.textContent)"""


@pytest.fixture
def show(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageShow]:
    made = PageShow(tmp_path_factory.mktemp("words"), SHOW)
    yield made
    made.close()


def tap(page: Page, chip: str) -> None:
    page.evaluate(
        """word => [...document.querySelectorAll('.chips .chip')]
            .find(chip => chip.textContent === word).click()""",
        chip,
    )


def understood(page: Page, text: str) -> None:
    """Wait until the page says this of the prompts."""
    page.until(
        f"[...document.querySelectorAll('.words .remark')].some(line => !line.hidden && "
        f"line.textContent === 'understood: {text}')"
    )


@pytest.mark.long
def test_styles_are_chips_that_mix_while_their_model_plays(
    show: PageShow, new_page: NewPage
) -> None:
    hand = Hand(new_page(STAGES["phone"], touch=True), show)
    page = hand.page
    hand.open_tab("words")
    page.until(f"{CHIPS}.length === 0")
    show.set("model", "styles")
    page.until(f"{CHIPS}.length === {len(STYLES)}")
    assert page.evaluate(CHIPS) == [style.name for style in STYLES]
    tap(page, "ink")
    show.until_set("prompt/a", "ink")
    understood(page, "ink; pastel")
    tap(page, "stained glass")
    show.until_set("prompt/a", "ink, stained glass")
    understood(page, "ink 50 %, stained glass 50 %; pastel")
    assert page.evaluate(PRESSED) == ["ink", "stained glass"]

    show.set("prompt/a", "(ink:3) noir, chrome")
    understood(page, "ink 75 %, noir 25 %; pastel")
    page.until("/chrome is not known/.test(document.querySelector('.words').textContent)")
    tap(page, "ink")
    show.until_set("prompt/a", "noir, chrome")

    show.set("model", "none")
    page.until(f"{CHIPS}.length === 0")
    page.until("!/is not known/.test(document.querySelector('.words').textContent)")
