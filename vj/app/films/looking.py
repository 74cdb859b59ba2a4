"""The first pass: a film is looked through without being painted, for the places where it can be
cut into pieces, for its sound and for its take."""

from __future__ import annotations

import json
import os
import threading
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from vj.app.films.job import FilmJob
from vj.app.offline import Report
from vj.diffusion.making import MakesBackend
from vj.parameters.store import Snapshot
from vj.pipeline.backend import Backend
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.frame_range import looked_through
from vj.pipeline.past import Places
from vj.sinks.mark import Mark

SELDOM = 50
"""Frames between two words of how far it is."""
SOUND, FOUND = "sound.f32", "looked.json"
"""In the folder of the pieces: the samples, (n, 2) float32, and what was found."""


@dataclass(frozen=True)
class FilmLook:
    """frames: that are painted. rate: that are written a second. cuts, clear: see
    `vj.pipeline.past.Places`. kept: what kept other frames from being clear. lost, lost_at: why
    nothing is cut from a frame on, and that frame. sounds: something is heard. mark: of the
    recordings, as a mapping. against, watched, kept_on: see `Places`. pictures: a checksum of each,
    as it is prepared."""

    frames: int
    rate: float
    cuts: list[int]
    clear: list[int]
    kept: list[str]
    lost: str
    lost_at: int | None
    sounds: bool
    mark: dict[str, Any] | None
    against: list[int] = field(default_factory=list)
    watched: list[list[int]] = field(default_factory=list)
    kept_on: int | None = None
    pictures: list[int] = field(default_factory=list)

    def why_whole(self) -> str:
        """Why there are few places to cut it, and what would help."""
        if self.lost:
            return (
                f"some workers will wait: from frame {self.lost_at} on nothing is cut, since "
                f"{self.lost}"
            )
        why = (
            f"pictures go on from those before them by {', '.join(self.kept)}"
            if self.kept
            else "the film has no hard cuts"
        )
        return (
            f"some workers will wait: between hard cuts {why}; --overlap 2 cuts there too, and "
            "fades the pieces into each other over 2 s, which is not exact"
        )

    def marked(self) -> Mark | None:
        return None if self.mark is None else Mark(**self.mark)


def look_through(
    job: FilmJob,
    folder: Path,
    log: Callable[[str], None],
    make: MakesBackend,
    take_log: Path | None = None,
    stop: threading.Event | None = None,
    report: Report = lambda done, total: None,
) -> FilmLook | None:
    """Look through a film, or read what was found when it was done before. folder: of the pieces.
    None where it was stopped. Raises Fault."""
    known = read_looked(folder, job.key)
    if known is not None and take_log is None:
        return known
    places, sounds, pictures = Places(), False, list[int]()
    with (folder / SOUND).open("wb") as file:

        def look(number: int, snapshot: Snapshot, context: FrameContext, backend: Backend) -> None:
            nonlocal sounds
            if number == 0:
                sounds = rendering.heard
            places.look(number, snapshot, context, backend)
            pictures.append(checksum(context))
            if number % SELDOM == SELDOM - 1:
                report(number + 1, None)
            if stop is not None and stop.is_set():
                rendering.stop()

        def hear(samples: np.ndarray) -> None:
            if sounds:
                file.write(np.ascontiguousarray(samples, np.float32).tobytes())

        rendering = job.rendering(log, looked_through(look), make, take_log=take_log)
        rendering.on_sound = hear
        rendering.run()
    if stop is not None and stop.is_set():
        return None
    mark = None if rendering.mark is None else asdict(rendering.mark)
    views = any(runner.rule.views for runner in rendering.runners)
    listens = rendering.features.ever_read or bool(job.show.effects) or views
    found = FilmLook(
        places.frames,
        rendering.rate,
        places.cuts,
        places.clear,
        sorted(places.kept),
        places.lost,
        places.lost_at,
        sounds,
        mark,
        places.against,
        places.watched,
        0 if listens else places.kept_on,
        pictures,
    )
    write_json(folder / FOUND, {"key": job.key, **asdict(found)})
    return found


def checksum(context: FrameContext) -> int:
    """Of what comes in, as it is prepared."""
    return zlib.crc32(np.ascontiguousarray(context.image).data)


def read_looked(folder: Path, key: str) -> FilmLook | None:
    """What was found of a film with this key; None where that is not known."""
    found = read_json(folder / FOUND)
    if found is None or found.pop("key", None) != key or not (folder / SOUND).is_file():
        return None
    try:
        return FilmLook(**found)
    except TypeError:  # of another version
        return None


def write_json(path: Path, tree: dict[str, Any]) -> None:
    """It is there whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(json.dumps(tree, indent=1) + "\n", encoding="utf-8")
    os.replace(part, path)


def read_json(path: Path) -> dict[str, Any] | None:
    """None for what is not there, or no JSON."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
