"""Some of many, evenly."""

from __future__ import annotations

import pytest

from vj.core.spread import spread


@pytest.mark.parametrize(
    ("count", "most", "expected"),
    [
        (5, 8, [0, 1, 2, 3, 4]),
        (9, 3, [0, 4, 8]),
        (10, 4, [0, 3, 6, 9]),
        (1, 4, [0]),
        (7, 1, [0]),
        (0, 4, []),
    ],
)
def test_some_are_spread_from_the_first_to_the_last(
    count: int, most: int, expected: list[int]
) -> None:
    assert spread(count, most) == expected
