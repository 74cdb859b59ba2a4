"""Receivers that are closed when a test ends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.control.dmx.desks import Made, Wire


@pytest.fixture
def wire() -> Iterator[Made]:
    made: list[Wire] = []

    def make(*controls: str, **rule: object) -> Wire:
        made.append(Wire(*controls, **rule))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        one.close()
