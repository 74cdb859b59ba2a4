"""What a measured figure says of itself."""

from __future__ import annotations

from vj.training.measurement import Measurement, table


def test_a_gate_is_reached_from_below_or_above_or_is_none() -> None:
    assert Measurement("sharp", 0.8, 0.7).reached
    assert not Measurement("sharp", 0.6, 0.7).reached
    assert Measurement("soft", 0.6, 0.7, at_most=True).reached
    assert not Measurement("soft", 0.8, 0.7, at_most=True).reached
    assert Measurement("known", 3.0).reached
    assert not Measurement("lost", float("nan"), 0.0).reached


def test_a_table_says_what_was_missed() -> None:
    rows = table([Measurement("sharp", 0.6, 0.7), Measurement("known", 3.0)])
    assert rows[2:] == ["| sharp | 0.6 **missed** | at least 0.7 |", "| known | 3 |  |"]
