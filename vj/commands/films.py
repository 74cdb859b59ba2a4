"""`--workers`, `--threads` and `--overlap`: a film rendered in pieces."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from vj.core.errors import Fault
from vj.core.threads import fix_threads

if TYPE_CHECKING:
    from vj.app.console import Console
    from vj.app.films.film import FilmRendering
    from vj.app.offline import Rendering, Report
    from vj.show.schema import Show

MOST_THREADS = 256


def add_film_options(made: argparse.ArgumentParser) -> None:
    """Those of a rendering by several workers."""
    made.add_argument(
        "--workers",
        metavar="N|ray://HOST",
        help="with --offline: cut the film where nothing of the past is left and have N processes "
        "render the pieces, or the machines of a Ray cluster (python3 launch.py add films)",
    )
    made.add_argument(
        "--threads",
        metavar="N",
        type=int,
        help="with --offline: compute on so many threads, of each worker; the same number gives "
        "the same pictures, however many cores there are (default: 1; more are quicker on a CPU)",
    )
    made.add_argument(
        "--overlap",
        metavar="SECONDS",
        type=float,
        help="with --workers: where the film cannot be cut, fade its pieces into each other over "
        "so long; not exact",
    )
    made.add_argument(
        "--frames",
        metavar="FIRST-LAST",
        help="with --offline: only these, counted from 0, as they are in the whole: 100-200, 100-",
    )


def use_film_options(options: argparse.Namespace) -> None:
    """Check them, and fix the threads; before a model is loaded. Raises Fault."""
    given = [
        f"--{name}"
        for name in ("workers", "threads", "overlap", "frames")
        if getattr(options, name) is not None
    ]
    if given and not options.offline:
        raise Fault(f"command line: {' and '.join(given)}: for rendering, with --offline")
    options.frames = None if options.frames is None else frames_of(options.frames)
    goes_on = options.offline and options.resume and not options.draft
    if options.workers is None and (goes_on or options.frames is not None):
        options.workers = "1"
    if options.overlap is not None and options.workers is None:
        raise Fault("command line: --overlap: for several workers, with --workers N")
    if options.overlap is not None and not 0 < options.overlap < math.inf:
        raise Fault(f"command line: --overlap {options.overlap:g}: seconds, more than 0")
    if options.threads is not None and not 1 <= options.threads <= MOST_THREADS:
        raise Fault(f"command line: --threads {options.threads}: 1 .. {MOST_THREADS}")
    if options.workers is not None:
        from vj.app.films.crew import worker_count

        options.workers = worker_count(options.workers)
    unbound = options.draft and options.workers is None  # pieces tell their workers a number
    options.one_thread = options.offline and not unbound and options.threads is None
    if options.one_thread:
        options.threads = 1
    if options.threads is not None:
        fix_threads(options.threads)


def followed(rendering: Rendering | FilmRendering, terminal: Console) -> Report:
    """Shows how far a rendering is, and warns where the disk will be too small; one in pieces looks
    at that itself."""
    from vj.app.film_progress import DiskNeed, size_of
    from vj.app.offline import Rendering
    from vj.sinks.recorder import Recorder

    if not isinstance(rendering, Rendering):
        return terminal.progress
    disk: DiskNeed | None = None

    def report(done: int, total: int | None) -> None:
        nonlocal disk
        terminal.progress(done, total)
        sinks = [runner.sink for runner in rendering.runners]
        paths = [sink.path for sink in sinks if isinstance(sink, Recorder)]
        disk = disk or DiskNeed(paths[0].absolute().parent)
        words = disk.look(done, total, lambda: size_of(paths))
        if disk.short and words:
            terminal.log(words)

    return report


def frames_of(text: str) -> tuple[int, int | None]:
    """`--frames`: the first and the last, which is None for the film's. Raises Fault."""
    first, dash, last = text.strip().partition("-")
    if (first or last).isdecimal() and (not last or last.isdecimal()):
        begins = int(first) if first else 0
        ends = int(last) if last else None if dash else begins
        if ends is None or ends >= begins:
            return begins, ends
    raise Fault(
        f"command line: --frames {text}: the first and the last, counted from 0, such as 100-200 "
        "or 100-"
    )


def film_of(show: Show, options: argparse.Namespace, log: Callable[[str], None]) -> FilmRendering:
    """The rendering that `--workers` asks for. Raises Fault."""
    from vj.app.films.film import FilmRendering

    return FilmRendering(
        show,
        log,
        options.seconds,
        options.fps,
        options.replay,
        options.log,
        options.file,
        workers=options.workers,
        threads=options.threads,
        overlap=options.overlap or 0.0,
        frames=options.frames,
        resume=options.resume,
    )
