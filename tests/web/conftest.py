"""`new_page`: pages in a real Chromium, one Chromium for all tests of a worker. `show`: a show that
plays for all tests of a module, of its `SHOW`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from tests.browser import Browser, Page
from tests.chromium import CHROMIUM, MISSING
from tests.web.page_show import PageShow


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None or os.name != "posix":
        pytest.skip(MISSING)
    made = Browser()
    yield made
    made.close()


NewPage = Callable[..., Page]


@pytest.fixture
def new_page(browser: Browser) -> Iterator[NewPage]:
    """`new_page(size, touch=True)`: an empty page, as of `Browser.page`. At the end none of them
    may have reported an error that the test did not `expect`."""
    pages: list[Page] = []

    def make(*arguments: object, **options: object) -> Page:
        pages.append(browser.page(*arguments, **options))  # type: ignore[arg-type]
        return pages[-1]

    yield make
    for page in pages:
        browser.forget(page)
    for page in pages:
        page.check()


@pytest.fixture(scope="module")
def show(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PageShow]:
    made = PageShow(tmp_path_factory.mktemp("show"), request.module.SHOW)
    yield made
    made.close()
