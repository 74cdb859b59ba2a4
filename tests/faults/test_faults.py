"""The quick ones of the list, in one process; and whoever watches is watched. The whole list is by
hand: `python -m tests.faults`."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.faults import fault, runner
from tests.faults import stage as stages
from tests.faults.by_web import panic
from tests.faults.eye import BLACK, SAME, Eye, Seen, judged
from tests.faults.fault import Fault, Outcome, Skipped, unwanted
from tests.faults.runner import FAULTS, markdown, together
from tests.faults.stage import Stage
from tests.waiting import PATIENCE, until
from vj.core.frame import Frame
from vj.parameters.store import Store
from vj.web.server import WebServer

QUICK = [one for one in FAULTS if one.quick]


def seen(moments: list[float], **what: float) -> list[Seen]:
    plain = {"moved": 5.0, "brightest": 200, "spread": 40.0, **what}
    return [
        Seen(moment, plain["moved"], int(plain["brightest"]), plain["spread"]) for moment in moments
    ]


def test_an_eye_knows_what_is_wrong_with_a_picture() -> None:
    steady = [number / 20 for number in range(200)]
    assert judged(seen(steady), 1, 9).wrong == set()
    assert judged(seen([*steady[:100], *steady[120:]]), 1, 9).wrong == {"gap"}
    assert judged(seen(steady), 8, 11).wrong == {"gap"}, "it has ended"
    assert judged([], 0, 1).wrong == {"gap"}
    stands = seen(steady[:60]) + seen(steady[60:80], moved=0) + seen(steady[80:])
    assert judged(stands, 0, 9).wrong == {"frozen"}
    assert judged(stands, 0, 3.4).wrong == set(), "for less than half a second"
    black = [*seen(steady[:50]), *seen(steady[50:51], brightest=12, spread=0), *seen(steady[51:])]
    assert judged(black, 0, 9).wrong == {"black"}
    assert judged(seen(steady, spread=0.2), 0, 9).wrong == {"even"}


def test_a_busy_machine_excuses_a_gap_and_nothing_else() -> None:
    late = judged(seen([0.1, 0.2, 0.9, 1.0]), 0, 1)
    assert unwanted(late, frozenset(), limit=1.0) == []
    assert unwanted(late, frozenset(), limit=0.5)
    assert unwanted(replace(late, black=1), frozenset(), limit=9.0)
    assert unwanted(replace(late, black=1), frozenset({"black"}), limit=9.0) == []


def test_names_are_told_apart_and_the_table_has_a_row_each() -> None:
    assert len({one.name for one in FAULTS}) == len(FAULTS)
    assert len(QUICK) >= 8
    table = markdown(
        [
            Outcome(FAULTS[0], told="a | b in /tmp/vj-faults-x1/shared/show.yaml, " + "9" * 400),
            Outcome(FAULTS[1], skipped="no root"),
        ]
    )
    assert "a \\| b in show.yaml, 99999999... |" in table
    assert "not tried: no root" in table
    with pytest.raises(SystemExit, match="no such fault"):
        runner.named("nonsense")


@pytest.mark.long
@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_a_show_stands_what_happens_to_it_and_the_runner_sees_what_it_does_not_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fault, "RECOVERS", 60.0)  # other tests may run beside this one
    monkeypatch.setattr(fault, "LONGEST", 4.0)
    monkeypatch.setattr(stages, "PATIENCE", 15.0)
    # NDI's library takes threads for every NDI program that comes and goes on this machine.
    monkeypatch.setattr(fault, "MORE_THREADS", 100)
    monkeypatch.setattr(fault, "MORE_FILES", 120)
    monkeypatch.setattr(fault, "CALM", 0.6)

    def silent(stage: Stage) -> None:
        stage.send("/vj/output/blackout", 1)
        assert stage.eye is not None
        until(lambda: any(one.brightest <= BLACK for one in list(stage.eye.seen)[-3:]))

    def skipped(stage: Stage) -> None:
        raise Skipped("not today")

    def killed(stage: Stage) -> None:
        assert stage.process is not None
        stage.process.kill()
        stage.process.wait(PATIENCE)

    bad = (
        Fault("silent", "", silent, "nobody says this", undo=panic, within=0.1),
        Fault("skipped", "", skipped, watch=0),
        Fault("killed", "", killed, watch=0),
    )
    brief = [replace(one, watch=min(one.watch, 0.5)) for one in QUICK]
    *good, dark, passed, dead = together([*brief, *bad], tmp_path / "show", print)
    assert not [outcome.line() for outcome in good if not outcome.right]
    assert "nobody said" in dark.wrong[0]
    assert "the picture: black" in dark.wrong[1]
    assert (passed.skipped, passed.right) == ("not today", True)
    assert "it has ended with -9" in " ".join(dead.wrong)


def test_without_ndi_an_eye_looks_at_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "NDIlib", None)
    page = WebServer(Store(), ("127.0.0.1", 0), status=dict)
    page.start()
    eye = Eye("nobody", page.url)
    number = 0

    def show(light: int) -> None:
        """Another picture, with a bar that has moved on."""
        nonlocal number
        drawn = np.zeros((32, 32, 3), np.uint8)
        drawn[:, number % 31 :] = light
        page.show(drawn, Frame(drawn, number, 0.0))
        number += 1

    def moved() -> int:
        return sum(one.brightest > 150 and one.moved > SAME for one in list(eye.seen)[1:])

    try:
        for count in range(1, 5):  # each is shown until it is seen

            def seen_to_move(count: int = count) -> bool:
                if moved() < count:
                    show(200)
                return moved() >= count

            until(seen_to_move)
        standing = len(eye.seen) + 2
        until(lambda: len(eye.seen) >= standing + 2)
        assert all(one.moved <= SAME for one in list(eye.seen)[standing:]), "nothing is shown"
    finally:
        eye.close()
        page.stop()
    assert "the page" in eye.way
