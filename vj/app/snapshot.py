"""The parameter `snapshot`: the next picture as a PNG in takes/, with what it was made of inside,
so that `--from PICTURE.png` plays it."""

from __future__ import annotations

import os
import re
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from vj import __version__
from vj.app.context import ShowContext
from vj.app.sink_group import FOLDER
from vj.core.errors import Fault
from vj.core.frame import Frame
from vj.core.png_text import text_chunk, with_chunks
from vj.core.supervisor import TaskQueue
from vj.parameters.store import Snapshot, Store
from vj.show.picture_settings import KEYWORD, PictureSettings, file_texts, settings_of
from vj.show.reload import ShowFile
from vj.show.schema import Show
from vj.sinks.mark import Mark, marked_png

NAME = "snapshot"
LONGEST = 60
"""Letters of a picture's name that are the show's."""


class Snapshots:
    """Sees every frame's parameters, and every picture that is sent. Neither waits for a disk."""

    def __init__(
        self,
        settings: Callable[[Snapshot], PictureSettings],
        write: Callable[[Callable[[], object]], object],
        log: Callable[[str], None],
        *,
        file: Callable[[], Path | None],
        mark: Callable[[], Mark | None],
        replayed: bool = False,
        by_hand: Callable[[], int] = lambda: 0,
        name: Callable[[PictureSettings], str],
    ) -> None:
        """settings: of a frame, asked on the render thread. write: runs what writes a file, on a
        thread that may wait. file: the show's. mark: as recordings have it. replayed: a take plays,
        whose count may begin anywhere, and hides the store's: by_hand is that. name: of the file,
        without its ending."""
        self._settings, self._write, self._log = settings, write, log
        self._file, self._mark, self._name = file, mark, name
        self._by_hand = by_hand
        self._count: int | None = None if replayed else 0
        self._asked: deque[tuple[float, PictureSettings]] = deque()
        self._due: deque[tuple[int, PictureSettings]] = deque()

    def observe(self, snapshot: Snapshot) -> None:
        """A frame's parameters, before it is painted: the trigger counts up."""
        count, before = int(snapshot[NAME]) + self._by_hand(), self._count
        self._count = count
        if before is not None and count > before:
            self._asked.append((snapshot.time, self._settings(snapshot)))

    @property
    def wanted(self) -> bool:
        """One is under way: the next pictures are to come with their RGB."""
        return bool(self._asked or self._due)

    def forget(self) -> None:
        """The next picture is not written: nor is what was asked for until now."""
        self._asked.clear()
        self._due.clear()

    def published(self, number: int, time: float | None = None) -> None:
        """The render loop has made a picture, which is about to be sent. time: seconds on the clock
        at which its parameters were sampled; None: it is the newest there is."""
        while self._asked and (time is None or time >= self._asked[0][0] - 1e-6):
            self._due.append((number, self._asked.popleft()[1]))

    def sent(self, frame: Frame) -> None:
        """A picture is sent: that which was wanted, or the first after it."""
        settings: PictureSettings | None = None
        while self._due and frame.number >= self._due[0][0]:
            settings = self._due.popleft()[1]
        if settings is not None:
            pixels, found, mark = frame.pixels, settings, self._mark()
            self._write(lambda: self._put(pixels, found, mark))

    def _put(self, pixels: np.ndarray, settings: PictureSettings, mark: Mark | None) -> None:
        whole = replace(settings, **file_texts(self._file()))
        try:
            path = write_picture(pixels, whole, mark, FOLDER / f"{self._name(settings)}.png")
        except OSError as error:
            reason = error.strerror or error
            raise Fault(f"snapshot: cannot be written in {FOLDER} ({reason})") from None
        self._log(f"snapshot {path}; python3 launch.py --from {path} plays it")


def live_snapshots(
    context: ShowContext,
    position: Callable[[], tuple[float, float, str] | None],
    model: Callable[[], str],
    mark: Callable[[], Mark | None],
    file: ShowFile | None,
    replayed: bool,
) -> tuple[Snapshots, TaskQueue]:
    """Of a show that plays, called by the time of day; and the thread that writes them. position:
    `ControlEngine.timeline_position`. model: the one that paints."""
    store, tasks = context.store, TaskQueue(context.supervisor, NAME)

    def settings(snapshot: Snapshot) -> PictureSettings:
        # A take's values lie over the store's. Otherwise a modulator goes on by itself.
        values = snapshot.values if replayed else store.base()
        at = position()
        return settings_of(
            __version__,
            context.run.show,
            values,
            store.table,
            snapshot.time,
            None if at is None else at[0],
            model(),
        )

    made = Snapshots(
        settings,
        tasks.put,
        context.messages.log,
        file=lambda: None if file is None else file.path,
        mark=mark,
        replayed=replayed,
        by_hand=(lambda: int(store.get(NAME))) if replayed else lambda: 0,
        name=lambda settings: time.strftime("%Y-%m-%d_%H-%M-%S"),
    )
    store.observers.append(made.observe)
    return made, tasks


def rendered_snapshots(
    show: Show,
    store: Store,
    position: Callable[[], tuple[float, float, str] | None],
    mark: Callable[[], Mark | None],
    log: Callable[[str], None],
    file: Path | None,
    replayed: bool,
    fps: float,
) -> Snapshots:
    """Of a rendering: written on the spot, called by the show and the number of the frame."""

    def settings(snapshot: Snapshot) -> PictureSettings:
        values = snapshot.values if replayed else store.base()
        at = position()
        seconds = None if at is None else at[0]
        return settings_of(__version__, show, values, store.table, snapshot.time, seconds)

    def write(task: Callable[[], object]) -> None:
        try:
            task()
        except Fault as fault:  # the film goes on without it
            log(str(fault))

    made = Snapshots(
        settings,
        write,
        log,
        file=lambda: file,
        mark=mark,
        replayed=replayed,
        name=lambda settings: f"{slug(show.show)}-{round(settings.time * fps):06d}",
    )
    store.observers.append(made.observe)
    return made


def write_picture(
    pixels: np.ndarray, settings: PictureSettings, mark: Mark | None, path: Path
) -> Path:
    """Write (H, W, 3) uint8 with its settings; the name gets a number where it is taken. The file
    is there whole or not at all. Returns its path. Raises OSError."""
    png = cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))[1].tobytes()
    png = with_chunks(png, text_chunk(KEYWORD, settings.as_json()))
    if mark is not None:
        png = marked_png(png, mark)
    path.parent.mkdir(parents=True, exist_ok=True)
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_stem(f"{path.stem}-{number}")
    part = free.with_name(f".{free.name}.part")
    try:
        part.write_bytes(png)
        os.replace(part, free)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    return free


def slug(name: str) -> str:
    """A show's name as part of a file's name."""
    return re.sub(r"[^\w-]+", "-", name.lower()).strip("-")[:LONGEST] or "show"
