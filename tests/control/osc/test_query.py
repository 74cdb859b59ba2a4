"""The OSCQuery tree of the parameters."""

from __future__ import annotations

from vj.control.osc.query import node_at, tree
from vj.parameters.row import Parameter
from vj.parameters.store import Store
from vj.parameters.table import Table

ROWS = (Parameter("clip", "text", "", "which"), Parameter("clip/speed", "float", 1.0, "how fast"))


def test_a_value_that_is_a_folder_too_keeps_both_in_whichever_order_they_come() -> None:
    for rows in (ROWS, ROWS[::-1]):
        node = node_at(tree(Store({"clip": "a"}, Table(rows))), "/vj/clip")
        assert node["VALUE"] == ["a"]
        assert node["CONTENTS"]["speed"]["VALUE"] == [1.0]
