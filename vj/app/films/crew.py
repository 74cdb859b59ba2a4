"""The workers of a film: this process alone, or several by Ray, on this machine or on a cluster."""

from __future__ import annotations

import logging
import math
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from vj.app.films.cluster import check_cluster
from vj.app.films.hand import Hand
from vj.app.films.job import FilmJob
from vj.app.films.looking import FilmLook
from vj.app.films.pieces import FilmPiece, PaintedPiece
from vj.app.offline import Report
from vj.core.errors import Fault, Unavailable, told
from vj.core.threads import VARIABLE

ROOT = Path(__file__).parents[3]
CLUSTER = "ray://"
AGAIN = 5
"""How often a worker that was killed is started again, and its piece with it."""
STORE = 128 << 20
"""Bytes that Ray keeps for what workers tell each other, which is little."""
PATIENCE = 0.25
"""Seconds between two looks whether it is to end."""
NO_RAY = "--workers needs Ray: python3 launch.py add films; --workers 1 does without"


def worker_count(text: str) -> int | str:
    """`--workers`: a number, or the address of a cluster. Raises Fault."""
    if text.startswith(CLUSTER) and len(text) > len(CLUSTER):
        return text
    if text.isdecimal() and 1 <= int(text) <= 256:
        return int(text)
    raise Fault(
        f"command line: --workers {text}: a number of processes on this machine, 1 .. 256, or a "
        "Ray cluster, ray://HOST"
    )


class Crew(Protocol):
    """Renders pieces. To be closed."""

    count: int
    """Workers."""

    def look(
        self, job: FilmJob, folder: Path, take_log: Path | None, log: Callable[[str], None]
    ) -> FilmLook | None:
        """The first pass; None where it was stopped. Raises Fault."""

    def paint(
        self,
        job: FilmJob,
        pieces: Sequence[FilmPiece],
        folder: Path,
        sinks: Sequence[str],
        pictures: bool,
    ) -> Iterator[PaintedPiece]:
        """Pieces as they are done, the first of them begun first. Raises Fault."""

    def close(self) -> None:
        """End the workers."""


class Alone:
    """This process, which is stopped by its event after a frame."""

    count = 1

    def __init__(self, threads: int, folder: Path, stop: threading.Event) -> None:
        self._hand, self._stop = Hand(threads, folder, stop), stop
        self.report: Report = lambda done, total: None
        """Told of each picture, by the film's numbers."""
        self.log: Callable[[str], None] | None = None
        """Takes what is said meanwhile."""

    def look(
        self, job: FilmJob, folder: Path, take_log: Path | None, log: Callable[[str], None]
    ) -> FilmLook | None:
        return self._hand.look(job, folder, take_log, log, self.report)[0]

    def paint(
        self,
        job: FilmJob,
        pieces: Sequence[FilmPiece],
        folder: Path,
        sinks: Sequence[str],
        pictures: bool,
    ) -> Iterator[PaintedPiece]:
        for piece in pieces:
            done = self._hand.paint(job, piece, folder, sinks, pictures, self.report, self.log)
            if self._stop.is_set():
                return
            yield done

    def close(self) -> None: ...


class RayCrew:
    """Workers by Ray, each with models of its own. One that is killed is started again, and renders
    its piece anew; the others go on."""

    def __init__(
        self,
        workers: int | str,
        threads: int,
        folder: Path,
        stop: threading.Event,
        log: Callable[[str], None],
    ) -> None:
        """workers: how many on this machine, or the address of a cluster, ray://HOST or
        ray://HOST:10001. Raises Fault."""
        try:
            ray: Any = import_module("ray")
            pools: Any = import_module("ray.util")
        except ImportError:
            raise Unavailable(NO_RAY) from None
        self._ray, self._stop = ray, stop
        self.waits: Callable[[], None] = lambda: None
        """Called now and then while pieces are under way."""
        kept = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
        variables = {
            "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
            "OMP_NUM_THREADS": str(threads),
            VARIABLE: str(threads),
        }
        given: dict[str, Any] = {
            "runtime_env": {"env_vars": variables},
            "log_to_driver": False,
            "logging_level": logging.ERROR,
        }
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        cluster = workers if isinstance(workers, str) else ""
        try:
            if cluster:
                host = cluster.removeprefix(CLUSTER)
                ray.init(CLUSTER + (host if ":" in host else f"{host}:10001"), **given)
            else:
                ray.init(
                    "local",
                    num_cpus=workers,
                    include_dashboard=False,
                    object_store_memory=STORE,
                    **given,
                )
        except Exception as error:  # Ray's own kinds are many
            ray.shutdown()
            raise Fault(
                f"--workers {workers}: no worker could be started: {_why(error, cluster)}"
            ) from None
        finally:
            if threading.current_thread() is threading.main_thread():
                for one, handler in kept.items():
                    signal.signal(one, handler)
        try:
            machines = [node["Resources"] for node in ray.nodes() if node["Alive"]]
            if cluster:
                check_cluster(ray, folder, ROOT)
                self.count = room_for(machines, threads)
                log(f"{cluster}: {self.count} workers")
            else:
                self.count = int(workers)
            made = ray.remote(Hand).options(
                num_cpus=threads if cluster and not cards_of(machines) else 0,
                num_gpus=card_share(machines, self.count),
                max_restarts=AGAIN,
                max_task_retries=AGAIN,
            )
            self._hands = [made.remote(threads, folder) for _ in range(self.count)]
            self._pool = pools.ActorPool(self._hands)
        except BaseException:
            ray.shutdown()
            raise

    def look(
        self, job: FilmJob, folder: Path, take_log: Path | None, log: Callable[[str], None]
    ) -> FilmLook | None:
        asked = self._hands[0].look.remote(job, folder, take_log)
        while not self._stop.is_set():
            done, _ = self._ray.wait([asked], timeout=PATIENCE)
            if done:
                found, said = self._result(lambda: self._ray.get(asked))
                for line in said:
                    log(line)
                return found
        return None

    def paint(
        self,
        job: FilmJob,
        pieces: Sequence[FilmPiece],
        folder: Path,
        sinks: Sequence[str],
        pictures: bool,
    ) -> Iterator[PaintedPiece]:
        pool = self._pool
        for piece in pieces:
            pool.submit(
                lambda hand, one: hand.paint.remote(job, one, folder, list(sinks), pictures), piece
            )
        while pool.has_next() and not self._stop.is_set():
            try:
                yield self._result(lambda: pool.get_next_unordered(timeout=PATIENCE))
            except TimeoutError:
                self.waits()

    def _result(self, ask: Callable[[], Any]) -> Any:
        """Raises what the worker has raised."""
        errors = self._ray.exceptions
        try:
            return ask()
        except errors.GetTimeoutError:
            raise TimeoutError from None
        except errors.RayTaskError as error:
            cause = getattr(error, "cause", None)
            raise (cause if isinstance(cause, Exception) else Fault(told(error))) from None
        except errors.RayError as error:
            raise Fault(
                f"a worker has ended for good, after {AGAIN} more tries at most ({told(error)}); "
                "what is rendered stays: start again, with fewer --workers where memory ends"
            ) from None

    def close(self) -> None:
        self._ray.shutdown()


def _why(error: Exception, cluster: str) -> str:
    """What Ray says, and what would be right."""
    text = told(error)
    if "ray[client]" in text:
        return "a cluster needs gRPC: python3 launch.py add films"
    if cluster:
        text += (
            "; `ray start --head --ray-client-server-port 10001` has to run there, by the same "
            "Ray, and where it asks for a token, RAY_AUTH_MODE=token here"
        )
    return text


def cards_of(machines: Sequence[Mapping[str, float]]) -> int:
    """Graphics cards of a cluster. machines: the resources of each, as Ray counts them."""
    return sum(int(machine.get("GPU", 0)) for machine in machines)


def room_for(machines: Sequence[Mapping[str, float]], threads: int) -> int:
    """How many workers a cluster has room for: one a card, or where it has none, one for so many
    cores."""
    cores = sum(int(machine.get("CPU", 0)) // threads for machine in machines)
    return max(1, cards_of(machines) or cores)


def card_share(machines: Sequence[Mapping[str, float]], workers: int) -> float:
    """The share of a card that a worker is given, so that all of them find one; 0 without any."""
    cards = cards_of(machines)
    return 1 / math.ceil(workers / cards) if cards else 0.0
