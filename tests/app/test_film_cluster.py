"""Machines of a cluster that would not paint the same film are refused by name."""

from __future__ import annotations

import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from vj.app.films.cluster import PACKAGES, Machine, compare, seen_from
from vj.app.films.crew import RayCrew, card_share, cards_of, room_for, worker_count
from vj.commands.films import use_film_options
from vj.commands.options import parser
from vj.core.errors import Fault, Unavailable
from vj.core.threads import fixed_threads

ROOT = Path(__file__).parents[2]


def machine(folder: Path) -> Machine:
    token = folder / "seen"
    token.write_bytes(b"of this film")
    return Machine("painter-2", *seen_from(str(token), str(ROOT / "vj/app/films"), PACKAGES))


def test_one_that_is_as_this_one_paints(tmp_path: Path) -> None:
    here = machine(tmp_path)
    assert here.python
    assert here.file
    assert here.packages["numpy"]
    compare(here, here, tmp_path, ROOT)


def test_another_one_is_told_what_would_be_right(tmp_path: Path) -> None:
    here = machine(tmp_path)
    others = {
        "Python 3.99.0, and here it is": replace(here, python="3.99.0"),
        "numpy 1.0, and here it is": replace(here, packages={**here.packages, "numpy": "1.0"}),
        "torch is missing": replace(here, packages={**here.packages, "torch": ""}),
        "does not see .* sees by the same path": replace(here, file=""),
        "vj in .* is another one there": replace(here, code="another"),
    }
    for words, other in others.items():
        with pytest.raises(Fault, match=f"painter-2: .*{words}|painter-2: {words}"):
            compare(here, other, tmp_path, ROOT)


def test_a_file_that_is_not_seen_has_no_hash(tmp_path: Path) -> None:
    assert seen_from(str(tmp_path / "none"), str(tmp_path), ("no-such-package",))[1:] == (
        "",
        seen_from("", str(tmp_path), ())[2],
        {"no-such-package": ""},
    )


def test_every_worker_finds_a_card_or_its_cores() -> None:
    cards = [{"CPU": 16.0, "GPU": 2.0}, {"CPU": 8.0, "GPU": 1.0}, {"CPU": 4.0}]
    assert (cards_of(cards), room_for(cards, 1)) == (3, 3)
    assert card_share(cards, 2) == card_share(cards, 3) == 1
    assert card_share(cards, 5) == 0.5, "two on a card at most"
    cores = [{"CPU": 3.0}, {"CPU": 5.0}]
    assert room_for(cores, 2) == 3, "a worker's threads are on one machine"
    assert card_share(cores, 3) == 0
    assert room_for([{"CPU": 1.0}], 4) == 1


@pytest.mark.parametrize("text", ["0", "two", "ray://", "-1", "1000", "http://host"])
def test_workers_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(Fault, match=r"a number of processes on this machine, 1 \.\. 256, or a Ray"):
        worker_count(text)


def test_workers_are_a_number_or_a_cluster() -> None:
    assert worker_count("2") == 2
    assert worker_count("ray://painters:10001") == "ray://painters:10001"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--workers", "2"], "for rendering, with --offline"),
        (["--offline", "--overlap", "2"], "with --workers N"),
        (["--offline", "--workers", "2", "--overlap", "-1"], "seconds, more than 0"),
        (["--offline", "--threads", "0"], r"--threads 0: 1 \.\. 256"),
    ],
)
def test_options_that_do_not_go_together_are_refused(given: list[str], words: str) -> None:
    with pytest.raises(Fault, match=words):
        use_film_options(parser().parse_args(given))


@pytest.mark.parametrize(
    ("given", "threads"),
    [
        (["--offline"], 1),
        (["--offline", "--threads", "3"], 3),
        (["--offline", "--workers", "2"], 1),
        (["--offline", "--draft"], None),
        (["--offline", "--draft", "--workers", "2"], 1),
        (["--offline", "--draft", "--frames", "3-5"], 1),
        ([], None),
    ],
)
def test_what_is_rendered_is_computed_on_one_thread_unless_said(
    given: list[str], threads: int | None
) -> None:
    options = parser().parse_args(given)
    before = fixed_threads()
    use_film_options(options)
    assert options.threads == threads
    assert fixed_threads() == (before if threads is None else threads)


def test_without_ray_it_is_told_what_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(Unavailable, match=r"python3 launch\.py add films; --workers 1 does"):
        RayCrew(2, 1, tmp_path, threading.Event(), print)
