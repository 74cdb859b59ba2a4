"""What is rendered, as every worker of a film is told it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from vj import __version__
from vj.app.offline import Rendering
from vj.control.takes import Take
from vj.diffusion.making import MakesBackend
from vj.pipeline.frame_range import FrameRange
from vj.show.schema import Show


@dataclass(frozen=True)
class FilmJob:
    """show, seconds, fps, file: see `vj.app.offline.Rendering`. replay: the take's path. threads:
    that each worker computes on. folder: in which paths of the show begin."""

    show: Show
    seconds: float | None
    fps: float | None
    replay: Path | None
    file: Path | None
    threads: int
    folder: Path

    def rendering(
        self,
        log: Callable[[str], None],
        part: FrameRange,
        make: MakesBackend,
        sinks: list[str] | None = None,
        take_log: Path | None = None,
        rate: float | None = None,
    ) -> Rendering:
        """sinks: in place of the show's. make: makes the models. rate: frames a second, where it is
        known already. Raises Fault."""
        show = self.show if sinks is None else self.show.model_copy(update={"sinks": sinks})
        replay = None if self.replay is None else Take(self.replay, show.table())
        return Rendering(
            show,
            log,
            self.seconds,
            self.fps,
            replay,
            take_log,
            self.file,
            part,
            make,
            rate,
        )

    @cached_property
    def key(self) -> str:
        """Of all that the pictures are made of: another show, another version, a file that has
        changed have another key."""
        told = self.show.model_dump(mode="json")
        named = {key: value for key, value in told.items() if key != "sinks"}
        files = sorted({name for text in _texts(named) for name in _files(text)})
        if self.replay is not None:
            files.append(str(self.replay))
        seen = [(name, *_seen(Path(name))) for name in files]
        parts = (__version__, told, self.seconds, self.fps, self.threads, seen)
        return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()[:20]


def _texts(tree: Any) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, dict):
        for value in tree.values():
            yield from _texts(value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from _texts(value)


def _files(text: str) -> Iterator[str]:
    """The files that a value may mean: itself, or what stands behind its kind."""
    for name in (text, text.partition(":")[2]):
        try:
            if name and len(name) < 1000 and Path(name).expanduser().is_file():
                yield name
        except OSError:  # no name that this system takes
            continue


def _seen(path: Path) -> tuple[int, int]:
    """Bytes, and when it was written, in ns."""
    try:
        found = path.expanduser().stat()
    except OSError:
        return 0, 0
    return found.st_size, found.st_mtime_ns
