"""Recordings put together of others, as they are: nothing is decoded, nothing encoded again."""

from __future__ import annotations

import errno
import os
import re
import shutil
from contextlib import suppress
from fractions import Fraction
from os import SEEK_END
from pathlib import Path
from typing import Any

import av
import numpy as np

from vj.sinks.codecs import FORMATS, Codec
from vj.sinks.image_sequence import next_number
from vj.sinks.mark import Mark, movie_tags, xmp_box
from vj.sinks.movie import as_os_errors, container_options
from vj.sinks.movie_sound import MovieSound
from vj.sinks.output_file import create_unused
from vj.sinks.rate import exact_rate
from vj.sound import RATE


class JoinedMovie:
    """A movie of movies that `vj.sinks.movie.Movie` has written of frames that were counted: each
    begins with a picture that stands by itself. Its sound is encoded, once. Raises OSError when it
    cannot be written."""

    def __init__(
        self, path: Path, fps: float, codec: Codec, mark: Mark | None, sound: bool
    ) -> None:
        """path: a name that is taken gets a number. fps: of its pictures. mark: what it says of how
        it was made. sound: there will be some."""
        self._rate, self._mark, self._ending = exact_rate(fps), mark, path.suffix.lower()
        self._base = 1 / self._rate
        self.frames = 0
        self._stream: Any = None
        self._sounds = sound
        self._sound: MovieSound | None = None
        self._file = create_unused(path)
        self.path = self._file.path
        with as_os_errors():
            self._container = av.open(
                self._file,
                "w",
                format=FORMATS[self._ending],
                container_options=container_options(self._ending, codec.intra, sound),
                buffer_size=16 << 20,
            )

    def add(self, piece: Path) -> None:
        """A movie follows what is there."""
        first = self.frames
        with as_os_errors(), av.open(piece) as given:
            track = given.streams.video[0]
            if self._stream is None:
                self._begin(track)
            for packet in given.demux(track):
                if packet.dts is None or packet.pts is None:
                    continue
                base: Fraction = packet.time_base
                shown, decoded = (round(at * base * self._rate) for at in (packet.pts, packet.dts))
                packet.pts, packet.dts = first + shown, first + decoded
                packet.time_base, packet.duration = self._base, 1
                packet.stream = self._stream
                self._container.mux(packet)
                self.frames += 1
                if self._sound is not None:
                    self._sound.follow(round(self.frames * self._base * RATE), live=False)

    def _begin(self, track: Any) -> None:
        self._stream = self._container.add_stream_from_template(track)
        self._stream.time_base = self._base
        if self._sounds:
            self._sound = MovieSound(self._container, self._ending)
        if self._mark is not None:
            self._container.metadata.update(movie_tags(self._mark, self._ending))

    def add_sound(self, samples: np.ndarray) -> None:
        """What is heard, from the first picture on: (n, 2) float32; after the first piece. What is
        not there by the end is silence, what is longer is cut."""
        if self._sound is not None:
            self._sound.queue.put(None, samples)
            with as_os_errors():
                self._sound.follow(round(self.frames * self._base * RATE), live=False)

    def finish(self) -> None:
        """Write the index."""
        try:
            with as_os_errors():
                if self._sound is not None:
                    self._sound.finish(round(self.frames * self._base * RATE))
                self._container.close()
            if self._mark is not None and FORMATS[self._ending] == "mp4":
                with suppress(OSError):
                    self._file.seek(0, SEEK_END)
                    self._file.write(xmp_box(self._mark))
        finally:
            self._file.release()


class JoinedFolder:
    """Numbered pictures of several folders, one after the other, moved; copied only onto another
    disk. Raises OSError."""

    def __init__(self, path: Path, first: int = 0) -> None:
        """path: pictures that are there stay, and are gone on from. first: the number of the first
        one where none is."""
        path.mkdir(parents=True, exist_ok=True)
        self.path, self.next = path, next_number(path) or first

    def add(self, piece: Path) -> None:
        """The pictures of a folder follow those that are there."""
        found = (entry.name for entry in piece.iterdir())
        for name in sorted(name for name in found if re.fullmatch(r"\d{6,}\.png", name)):
            _move(piece / name, self.path / f"{self.next:06d}.png")
            self.next += 1


def _move(picture: Path, to: Path) -> None:
    """It is there whole or not at all."""
    try:
        os.replace(picture, to)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        part = to.with_name(f".{to.name}.part")
        shutil.copyfile(picture, part)
        os.replace(part, to)
        picture.unlink()
