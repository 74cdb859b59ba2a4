"""`new_page`: pages in a real Chromium, one Chromium for all tests of a worker."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from tests.browser import Browser, Page
from tests.chromium import CHROMIUM, MISSING


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
