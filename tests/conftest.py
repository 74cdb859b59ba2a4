"""What every test has: a cache of its own, so that nothing is found that another run found; which
tests may run side by side (`-n 3`, as `python3 launch.py test` does); which run
only when the long ones are asked for (`python3 launch.py test --long`); a real show in a process of
its own (`start_show`) and one in this process, whose clock the test moves (`play_show`)."""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.shows import HOST, PlayedShow, ShowProcess, free_port
from vj.core.opencv import use_one_thread
from vj.core.threads import VARIABLE

os.environ["VJ_CACHE"] = tempfile.mkdtemp(prefix="vj-tests-")
atexit.register(shutil.rmtree, os.environ["VJ_CACHE"], ignore_errors=True)
# As vj.cli sets it, before torch is imported: threads that spin take the other tests' core.
os.environ.setdefault("GOMP_SPINCOUNT", "5000")
use_one_thread()

# What this run was told to ignore (nohup, a job in the background) its children would ignore too.
for _name, _handler in (("SIGINT", signal.default_int_handler), ("SIGHUP", signal.SIG_DFL)):
    _number = getattr(signal, _name, None)
    if _number is not None and signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _handler)

DEVICES = (
    *("cli", "live_process", "status", "loop", "interpolation", "faults", "findings"),
    *("ndi_sink", "ndi_source", "midi", "rtmidi", "capture_in_a_show", "choosers"),
    *("live_sound", "ndi_sound"),
)
"""Tests of whole shows, or that need NDI or JACK: one after the other, on one worker, so that none
holds up another. They mostly wait; the other workers compute meanwhile."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the tests that take long, too")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "long: takes many seconds; runs with --long only")


def group_of(nodeid: str) -> str:
    """Which tests run on one worker, one after the other: those of a file, whose fixtures are made
    once then, all of `DEVICES`, and all that share a Chromium."""
    file = nodeid.partition("::")[0]
    name = Path(file).stem.removeprefix("test_")
    if name.endswith("_browser"):
        return "browser"
    return "devices" if name in DEVICES else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """By `group_of`. xdist's own loadgroup reads groups from the ends of the tests' names, which
    pytest 9.2 does not let it change: each test was a group of its own."""
    from xdist.scheduler import LoadScopeScheduling

    class ByGroup(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid)

    return ByGroup(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    skipped = pytest.mark.skip(reason="takes long: python3 launch.py test --long")
    for item in items:
        if item.get_closest_marker("long") is not None and not config.getoption("--long"):
            item.add_marker(skipped)


def pytest_collection_finish(session: pytest.Session) -> None:
    """What is imported by now stays to the end: half a million objects, which the garbage collector
    would go through again and again, for a tenth of the tests' time."""
    gc.collect()
    gc.freeze()


StartShow = Callable[..., ShowProcess]


@pytest.fixture
def one_thread() -> Iterator[None]:
    """PyTorch on one thread: two get in each other's way on small pictures."""
    import torch  # not everywhere that tests run

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def dots(tmp_path: Path) -> Path:
    """A folder of forty-five pictures of a dot that moves, to train on."""
    folder = tmp_path / "dot"
    folder.mkdir()
    for number in range(45):
        picture = np.full((72, 96, 3), 40, np.uint8)
        cv2.circle(picture, (20 + number, 36), 14, (30, 140, 240), -1)
        cv2.imwrite(str(folder / f"{number:02}.png"), picture)
    return folder


@pytest.fixture
def start_show(tmp_path: Path) -> Iterator[StartShow]:
    """`start_show("mine.yaml", "--size", "64x64")`: a show in a process of its own, in an empty
    folder, hearing OSC at a port of its own. osc_port: at this one instead; None: where the show
    file says. Other keywords as of `ShowProcess`. What still runs at the end is killed."""
    running: list[ShowProcess] = []

    def start(*arguments: str, osc_port: int | None = 0, **how: object) -> ShowProcess:
        port = free_port() if osc_port == 0 else osc_port
        osc = ["--osc", f"{HOST}:{port}"] if port is not None else []
        running.append(ShowProcess(tmp_path, *arguments, *osc, osc_port=port, **how))  # type: ignore[arg-type]
        return running[-1]

    yield start
    for show in running:
        show.close()


PlayShow = Callable[..., PlayedShow]


@pytest.fixture
def play_show() -> Iterator[PlayShow]:
    """`play_show(path)`: a show in this process, on a clock that the test moves. Keywords as of
    `Performance`."""
    playing: list[PlayedShow] = []

    def play(path: Path, **options: object) -> PlayedShow:
        playing.append(PlayedShow(path, **options))
        return playing[-1]

    yield play
    for show in playing:
        show.close()


@pytest.fixture(autouse=True)
def same_threads() -> Iterator[None]:
    """A film fixes on how many threads this process computes: the next test has its own again."""
    kept = {name: os.environ.get(name) for name in (VARIABLE, "OMP_NUM_THREADS")}
    torch = sys.modules.get("torch")
    threads = None if torch is None else torch.get_num_threads()
    yield
    for name, value in kept.items():
        if value is not None:
            os.environ[name] = value
        else:
            os.environ.pop(name, None)
    if torch is not None and torch.get_num_threads() != threads:
        torch.set_num_threads(threads)
