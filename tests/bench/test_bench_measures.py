"""What a row is measured by, in this process, on a tiny model."""

from __future__ import annotations

from pathlib import Path

import pytest

from vj.bench.jobs import Job, jobs_of
from vj.bench.measures import Bench


@pytest.fixture
def lab(tmp_path: Path, one_thread: None) -> Bench:
    return Bench(tmp_path, True, 0.05, 0.5, 0.01, 0.1, lambda text: None)


def job(what: str, speed: str = "graph") -> Job:
    jobs = jobs_of("quick", True, 8)
    return next(one for one in jobs if one.what == what and one.speed == speed)


def test_the_parts_of_a_frame_and_the_rest_add_up_to_it(lab: Bench) -> None:
    figures = lab.measure(job("parts"), lambda row: None)["figures"]
    parts = sum(figures[f"{name} ms"] for name in ("encode", "UNet", "decode", "glue"))
    assert parts == pytest.approx(figures["frame p50 ms"], abs=0.01)
    assert 0 < figures["frame p50 ms"] <= figures["frame p95 ms"]
    assert figures["fps"] > 0


def test_the_kernels_of_a_frame_are_listed(lab: Bench, tmp_path: Path) -> None:
    row = lab.measure(job("kernels"), lambda row: None)
    lines = (tmp_path / row["figures"]["listed in"]).read_text(encoding="utf-8").splitlines()
    times = [float(line.split()[0]) for line in lines[1:]]
    assert len(times) == 30
    assert times == sorted(times, reverse=True)
    assert any("conv" in line for line in lines)


def test_what_cannot_be_measured_says_why(lab: Bench) -> None:
    assert lab.measure(job("package"), lambda row: None) == {"said": "its call needs a card"}
    lab.seconds = "soon"  # type: ignore[assignment]
    said = lab.measure(job("parts"), lambda row: None)["said"]
    assert said.startswith("failed: TypeError")
