"""`launch.py bench`: rows are kept as they come, gone on with, and measured for themselves."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from vj.bench.jobs import MODES, Job, jobs_of
from vj.bench.live import verdict
from vj.bench.record import FILE, TABLE, Record, Row
from vj.bench.references import STATED, beside
from vj.bench.run import MARK, in_process, run
from vj.core.errors import Fault

HERE = {
    **dict.fromkeys(
        ("driver", "torch", "CUDA", "cupy", "diffusers", "vj", "python", "system"), "1"
    ),
    "device": "a card",
    "pretended": True,
    "commit": "abc",
}


def job(key: str, group: str = "one", limit: float = 30.0) -> Job:
    return Job(key=key, what="frame", group=group, limit=limit)


def test_a_row_that_is_there_is_not_measured_again(tmp_path: Path) -> None:
    jobs, measured = [job("a/1"), job("a/2"), job("b", "two")], list[str]()

    def measure(group: list[Job], end: float) -> Iterator[tuple[str, Row]]:
        for one in group:
            measured.append(one.key)
            if measured.count(one.key) == 1 and one.key == "a/2":
                raise KeyboardInterrupt
            yield one.key, {"figures": {"fps": len(measured)}}

    with pytest.raises(KeyboardInterrupt):
        run(jobs, Record(tmp_path, HERE), False, 60, measure, lambda text: None)
    assert run(jobs, Record(tmp_path, HERE), False, 60, measure, lambda text: None) == 0
    assert measured == ["a/1", "a/2", "a/2", "b"]
    assert run(jobs, Record(tmp_path, HERE), True, 60, measure, lambda text: None) == 0
    assert measured[4:] == ["a/1", "a/2", "b"]
    kept = json.loads((tmp_path / FILE).read_text(encoding="utf-8"))
    assert {key: row["figures"]["fps"] for key, row in kept["rows"].items()} == {
        "a/1": 5,
        "a/2": 6,
        "b": 7,
    }
    assert "| 1 | 5 |  |" in (tmp_path / TABLE).read_text(encoding="utf-8")


def test_what_was_broken_off_is_measured_again(tmp_path: Path) -> None:
    record = Record(tmp_path, HERE)
    record.put("soak", {"readings": [1], "unfinished": True})
    assert not Record(tmp_path, HERE).has("soak")
    record.put("soak", {"said": "stable"})
    assert Record(tmp_path, HERE).has("soak")


def test_two_machines_do_not_share_a_file(tmp_path: Path) -> None:
    Record(tmp_path, HERE).put("a/1", {"said": "x"})
    with pytest.raises(Fault, match="a card, and here it is another; another folder: --out"):
        Record(tmp_path, {**HERE, "device": "another"})
    (tmp_path / FILE).write_text("[]", encoding="utf-8")
    with pytest.raises(Fault, match="is no record of this"):
        Record(tmp_path, HERE)


def process(tmp_path: Path, body: str) -> list[str]:
    """A command that does this with the keys it is given."""
    script = tmp_path / "rows.py"
    told = f"def tell(key, **row): print({MARK!r} + json.dumps([key, row]), flush=True)\n"
    head = "import json, sys, time\nkeys = sys.argv[2::2]\n" + told
    script.write_text(head + body, encoding="utf-8")
    return [sys.executable, str(script)]


def test_a_process_that_dies_costs_one_row(tmp_path: Path) -> None:
    body = """
print("a library says something")
for key in keys:
    if key == "bad":
        sys.exit("no memory left")
    tell(key, said="fine")
"""
    record, lines = Record(tmp_path / "out", HERE), list[str]()
    jobs = [job("a"), job("bad"), job("b"), job("c")]
    measure = in_process(process(tmp_path, body))
    assert run(jobs, record, False, 60, measure, lines.append) == 0
    words = {key: row["said"] for key, row in record.rows.items()}
    assert words.pop("bad") == "its process ended: no memory left"
    assert words == {"a": "fine", "b": "fine", "c": "fine"}
    assert lines[1] == "bad: its process ended: no memory left"


def test_a_row_that_hangs_is_given_up_and_the_others_are_not(tmp_path: Path) -> None:
    body = """
for key in keys:
    time.sleep(60 * (key == "hangs"))
    tell(key, said="fine")
"""
    record = Record(tmp_path / "out", HERE)
    jobs = [job("a"), job("hangs", limit=0.3), job("b")]
    begun = time.monotonic()
    assert run(jobs, record, False, 120, in_process(process(tmp_path, body)), print) == 0
    assert time.monotonic() - begun < 60, "it was not waited for"
    assert [row["said"] for row in record.rows.values()] == ["fine", "not done in 0 s", "fine"]


def test_what_the_time_does_not_suffice_for_is_left(tmp_path: Path) -> None:
    record, lines = Record(tmp_path / "out", HERE), list[str]()
    command = process(tmp_path, "time.sleep(60)")
    jobs = [job("a"), job("b", "two")]
    assert run(jobs, record, False, 0.5, in_process(command), lines.append) == 2
    assert record.rows == {}
    assert "2 rows are left" in lines[-1]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("card", [True, False])
def test_rows_have_names_of_their_own(mode: str, card: bool) -> None:
    keys = [one.key for one in jobs_of(mode, card, 8)]
    assert keys
    assert len(set(keys)) == len(keys)
    assert all(one.partition("/")[0] == mode for one in keys)


def test_what_others_state_stands_beside_rows_of_the_same_work() -> None:
    keys = [one.key for mode in MODES for card in (True, False) for one in jobs_of(mode, card, 8)]
    lines = beside({key: {"figures": {"fps": 12.5}} for key in keys})
    assert len(lines) == len(STATED), "each has a row here"
    turbo = next(line for line in lines if "RTX 4090: 93.9" in line)
    assert "graph" in turbo
    assert "768" not in turbo
    assert "sink" not in turbo


def readings(**last: float) -> list[dict[str, float]]:
    same = {"fps": 30.0, "RSS MB": 2000, "threads": 40, "open files": 30, "faults": 0}
    rows: list[dict[str, float]] = []
    for number in range(16):
        share = number / 15
        rows.append({name: v + share * (last.get(name, v) - v) for name, v in same.items()})
    return rows


@pytest.mark.parametrize(
    ("last", "said"),
    [
        ({}, "stable"),
        ({"RSS MB": 2100}, "stable"),
        ({"RSS MB": 3500}, "RSS MB from"),
        ({"threads": 70}, "threads from"),
        ({"open files": 60}, "open files from"),
        ({"fps": 18}, "fps from"),
        ({"faults": 2}, "2 faults"),
    ],
)
def test_a_soak_says_what_grew(last: dict[str, Any], said: str) -> None:
    assert verdict(readings(**last)).startswith(said)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("mode", "only"), [("quick", ""), ("matrix", "sdxs"), ("soak", "")])
def test_all_of_it_runs_pretended(mode: str, only: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "vj.cli", "bench", mode, "--pretend", "--out", str(tmp_path)]
    asked = [*command, "--minutes", "0.1", "--only", only]
    done = subprocess.run(asked, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = json.loads((tmp_path / FILE).read_text(encoding="utf-8"))["rows"]
    assert set(rows) == {one.key for one in jobs_of(mode, True, 0.1) if only in one.key.lower()}
    assert [key for key, row in rows.items() if "failed" in row.get("said", "")] == []
    assert [key for key, row in rows.items() if "ended" in row.get("said", "")] == []
