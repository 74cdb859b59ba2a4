"""The one table, and the values that live in it."""

from __future__ import annotations

import math
import re
import threading
from pathlib import Path

import pytest

from vj.core.errors import Fault
from vj.parameters.fit import TEXT_LIMIT, fit, parse_prompt_list
from vj.parameters.store import Store
from vj.parameters.table import ROWS, TABLE, markdown

ROOT = Path(__file__).parents[2]


def test_the_documentation_is_made_from_the_table() -> None:
    assert (ROOT / "docs" / "parameters.md").read_text(encoding="utf-8") == markdown(), (
        "run: python -m vj.parameters.table > docs/parameters.md"
    )


def test_no_cell_of_the_documentation_is_cut_in_two() -> None:
    rows = [line for line in markdown().splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in rows} == {7}


def test_every_row_starts_inside_its_own_range() -> None:
    for row in ROWS:
        if row.kind == "trigger":
            continue
        assert fit(row, row.start) == (row.start, ""), row.name
        assert row.help, row.name


@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [
        ("strength", 1, 1.0),
        ("strength", "0.25", 0.25),
        ("steps", 2.6, 3),
        ("output/freeze", 1, True),
        ("output/freeze", 0.0, False),
        ("output/freeze", "off", False),
        ("mix/mode", 2, "screen"),
        ("mix/mode", "multiply", "multiply"),
        ("lines/from", "picture", "edges"),  # as it was called before faces and bodies
        ("prompt/a", "黄金 ذهب 🥇", "黄金 ذهب 🥇"),
        ("prompt", "", ""),
        ("palette/a", "#102030, crimson", "#102030, crimson"),
        ("palette/b", "", ""),
    ],
)
def test_values_are_taken_as_they_are_meant(name: str, given: object, kept: object) -> None:
    store = Store()
    assert store.set(name, given) == ""
    assert store.get(name) == kept


@pytest.mark.parametrize(
    ("name", "given", "kept", "remark"),
    [
        ("strength", 1.4, 1.0, "1.4 is above 1 (0 .. 1)"),
        ("steps", -3, 1, "-3 is below 1 (1 .. 4)"),
        ("mix/mode", 99, "darken", "99 is outside 0 .. 6"),
        ("prompt/a", "x" * (TEXT_LIMIT + 5), "x" * TEXT_LIMIT, "cut to 10000"),
    ],
)
def test_what_is_out_of_range_is_clamped_and_logged(
    name: str, given: object, kept: object, remark: str
) -> None:
    store = Store()
    assert remark in store.set(name, given)
    assert store.get(name) == kept


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("strenght", 0.5, "did you mean strength"),
        ("strength", "much", "is not a number (0 .. 1)"),
        ("strength", math.nan, "not a number to play with"),
        ("strength", math.inf, "not a number to play with"),
        ("output/freeze", "perhaps", "neither on nor off"),
        ("mix/mode", "multipy", "did you mean multiply"),
        ("prompt/list", "[[", "not JSON"),
        ("prompt/list", '[["a", -1]]', "weights are numbers from 0 up"),
        ("prompt/a", 3, "is not text"),
        ("palette/a", "crimsom white", "palette/a: 'crimsom' is no colour; did you mean crimson?"),
        ("palette/b", "#102030", "palette/b: 1 colour came, 2 to 8 would be right"),
    ],
)
def test_what_cannot_be_meant_is_answered_and_changes_nothing(
    name: str, given: object, words: str
) -> None:
    store = Store()
    before = store.sample(0).values
    with pytest.raises(Fault, match="(?s)" + words.replace("(", r"\(").replace(")", r"\)")):
        store.set(name, given)
    assert store.sample(1).values == before


def test_a_jump_glides_and_its_first_step_shows_at_once() -> None:
    store = Store({"strength": 0.0})
    store.sample(1.0)
    store.set("strength", 1.0)
    seen = [store.sample(1.0 + frame / 50)["strength"] for frame in range(1, 8)]
    assert 0 < seen[0] < 1
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert store.sample(1.08)["strength"] == 1.0


def test_texts_and_steps_do_not_glide() -> None:
    store = Store()
    store.set("steps", 4)
    store.set("prompt/a", "gold")
    snapshot = store.sample(0)
    assert (snapshot["steps"], snapshot["prompt/a"]) == (4, "gold")


def test_a_snapshot_does_not_change_afterwards() -> None:
    store = Store()
    snapshot = store.sample(0)
    store.set("steps", 4)
    assert snapshot["steps"] == 1
    with pytest.raises(TypeError):
        snapshot.values["steps"] = 3  # type: ignore[index]


def test_panic_goes_back_to_the_shows_start_and_leaves_the_recording() -> None:
    store = Store({"strength": 0.3, "prompt": "calm"})
    for name, value in (
        ("strength", 0.9),
        ("prompt/a", "storm"),
        ("record", True),
        ("output/blackout", 1),
    ):
        store.set(name, value)
    store.set("panic", 1)
    assert (store.get("strength"), store.get("prompt/a"), store.get("output/blackout")) == (
        0.3,
        "calm",
        0,
    )
    assert store.get("record") is True


def test_the_same_writes_give_the_same_frames() -> None:
    def play() -> list[float]:
        store = Store()
        seen = []
        for frame in range(40):
            if frame % 7 == 3:
                store.set("strength", frame / 40)
            seen.append(store.sample(frame / 30)["strength"])
        return seen

    assert play() == play()


def test_listeners_are_called_with_every_change() -> None:
    store = Store()
    heard: list[tuple[str, object]] = []
    store.listeners.append(lambda name, value, origin: heard.append((name, value)))
    store.set("prompt", "gold")
    store.set("strength", 2)
    assert heard == [("prompt/a", "gold"), ("strength", 1.0)]


def test_many_threads_may_write_while_one_samples() -> None:
    store = Store()

    def write(name: str) -> None:
        for i in range(500):
            store.set(name, (i % 10) / 10)

    threads = [
        threading.Thread(target=write, args=(name,))
        for name in ("strength", "mix/wet", "prompt/mix")
    ]
    for thread in threads:
        thread.start()
    for frame in range(500):
        assert 0 <= store.sample(frame / 100)["strength"] <= 1
    for thread in threads:
        thread.join()
    assert store.get("strength") == 0.9
    assert store.sample(1000)["strength"] == 0.9


def test_prompt_lists() -> None:
    assert parse_prompt_list("  ") == []
    assert parse_prompt_list('[["gold", 1], ["sea", 0.5]]') == [("gold", 1.0), ("sea", 0.5)]


def test_finding_by_short_name() -> None:
    assert TABLE.find("seed").name == "seed/a"
