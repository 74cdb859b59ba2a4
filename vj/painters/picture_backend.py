"""`model: picture`: any picture as the style."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from vj.core.errors import Fault
from vj.core.frame import Size
from vj.core.supervisor import Supervisor
from vj.painters.backend import PainterBackend
from vj.painters.networks import PictureNetwork
from vj.painters.own_styles import own_styles
from vj.painters.style_pictures import StylePictures, read_picture
from vj.painters.styles_backend import mean
from vj.parameters.scenes import along, playing_scenes
from vj.parameters.store import Snapshot
from vj.pipeline.backend import GeneratedImage
from vj.pipeline.compositor import Picture
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.live_picture import Made, MadeOfNewest, TakenPicture
from vj.pipeline.mixture_travel import MixtureTravel
from vj.pipeline.text_book import TextBook

FOLLOWS_PICTURES = "the picture model follows pictures: image/mix, image/styles"
NOT_BY_PICTURES = {
    **dict.fromkeys(("prompt/a", "prompt/b", "prompt/mix", "prompt/list"), FOLLOWS_PICTURES),
    "image/amount": "the picture model follows strength",
}


AGAIN = 2.0
"""Seconds after which pictures that were not there are looked for again."""
STAND_IN = "none of the style pictures can be played; vj's own stand in until one can"


@dataclass(frozen=True, slots=True, eq=False)
class StyleSet:
    """Pictures in the order that image/mix walks through, one perhaps several times. vectors:
    (n, 100) float32. whole: all that was asked for."""

    names: tuple[str, ...]
    vectors: np.ndarray
    whole: bool = True


class StyleReader:
    """Sets of style pictures as vectors. One picture is read once. From any thread."""

    def __init__(
        self, network: PictureNetwork, pictures: StylePictures, on_message: Callable[[str], None]
    ) -> None:
        self._network, self._pictures, self._log = network, pictures, on_message
        self._lock = threading.Lock()
        self._known: dict[object, np.ndarray] = {}
        self._told: tuple[str, set[str]] = ("", set())
        """The text that was read last, and what of it was missing."""

    def read(self, text: str) -> StyleSet:
        """text: image/styles. Names that nothing has, and pictures that cannot be read, are left
        out and told, while it is the same text once; vj's own stand in where none is left."""
        pictures, places = self._pictures, self._pictures.places()
        told = self._told[1] if self._told[0] == text else set()
        missing: set[str] = set()

        def tell(what: str, line: Callable[[], str]) -> None:
            missing.add(what)
            if what not in told:
                self._log(line())

        for name in pictures.unknown(text):
            tell(name, partial(pictures.no_such, name))
        for fault in pictures.without(text):
            tell(fault, partial(str, fault))
        names = [name for name in pictures.shown(text) if name in places]
        vectors: dict[str, np.ndarray] = {}
        for name in dict.fromkeys(names):
            try:
                vectors[name] = self._vector(places[name])
            except Fault as error:
                tell(str(error), partial(str, error))
        read = [name for name in names if name in vectors]
        if not read:
            tell(STAND_IN, lambda: STAND_IN)
            vectors = {name: self._vector(picture) for name, picture in own_styles().items()}
            read = list(vectors)
        if told and not missing:
            self._log(f"the style pictures are there: {', '.join(read)}")
        self._told = text, missing
        return StyleSet(tuple(read), np.stack([vectors[name] for name in read]), not missing)

    def _vector(self, place: Path | np.ndarray) -> np.ndarray:
        if isinstance(place, np.ndarray):
            return self._network.style_of(place)
        try:
            status = place.stat()
        except OSError:
            return self._network.style_of(read_picture(place))  # says what is wrong with it
        key = str(place), status.st_mtime_ns, status.st_size
        with self._lock:
            known = self._known.get(key)
        if known is None:
            known = self._network.style_of(read_picture(place))
            with self._lock:
                self._known[key] = known
        return known


class PictureBackend(PainterBackend):
    """image/mix walks through the pictures of image/styles in the space of styles; another set
    travels in over prompt/travel, and so does a picture that is taken while it plays."""

    def __init__(
        self,
        network: PictureNetwork,
        reader: StyleReader,
        size: Size,
        wait: bool,
        on_message: Callable[[str], None] = lambda text: None,
        supervisor: Supervisor | None = None,
    ) -> None:
        """wait: offline. supervisor: of the thread that looks at pictures."""
        super().__init__(f"picture ({network.device})", network, size, NOT_BY_PICTURES)
        self._given = network, reader, size, wait, on_message, supervisor
        self._book = TextBook(
            reader.read,
            wait,
            on_message,
            supervisor=supervisor,
            thread="style pictures",
            what="image/styles {!r} cannot be painted with",
        )
        self._live = MadeOfNewest(network.style_of, wait, on_message, supervisor, "live style")
        self._wait, self._looked = wait, 0.0
        self._travel = MixtureTravel(mean)
        self._set: StyleSet | None = None
        self._newest: StyleSet | None = None
        """What the book had found last in the last frame."""
        self._pending = False
        self._text: str | None = None
        """image/styles of the last frame."""
        self._shown: object = None

    def paint(
        self, entered: Picture, snapshot: Snapshot, context: FrameContext
    ) -> GeneratedImage | None:
        if self._held(snapshot, context):
            self.settled = False
            return None
        return super().paint(entered, snapshot, context)

    def pass_by(self, entered: Picture, snapshot: Snapshot, context: FrameContext) -> None:
        if not self._held(snapshot, context):
            super().pass_by(entered, snapshot, context)

    def _held(self, snapshot: Snapshot, context: FrameContext) -> bool:
        """A model that begins waits for the picture that was taken."""
        taken = context.taken
        waits = taken is not None and self._live.of(taken) is None and self._live.pending
        return self._live.holds(waits, snapshot.time)

    def warm(self, snapshot: Snapshot) -> None:
        super().warm(snapshot)
        self._travel.cut()

    def _style(self, snapshot: Snapshot, taken: TakenPicture | None = None) -> np.ndarray | None:
        live = self._live.of(taken)
        if taken is None or live is None:
            return self._of_pictures(snapshot)
        return self._of_taken(taken, live, snapshot)

    def _of_taken(
        self, taken: TakenPicture, live: Made[np.ndarray], snapshot: Snapshot
    ) -> np.ndarray:
        self._pending = False
        if self._shown != taken.origin:
            self._shown, self.understood = taken.origin, f"as {taken.origin} looks"
        # The vector's bytes: a picture that looks the same is no journey.
        return self._travel.at(
            live.value.tobytes(), [(live.value, 1.0)], snapshot.time, snapshot["prompt/travel"]
        )

    def _of_pictures(self, snapshot: Snapshot) -> np.ndarray | None:
        text, mix = walked(snapshot)
        waiting = self._set is not None and not self._set.whole and not self._wait
        late = waiting and not 0 <= snapshot.time - self._looked < AGAIN
        if text != self._text or late:  # what it names may have come, gone or changed meanwhile
            self._text, self._looked = text, snapshot.time
            self._book.forget(text)
        found = self._book.get(text)
        self._pending = found is None
        newest, self._newest = self._newest, self._book.latest
        if found is None and self._newest is not newest:
            found = self._newest  # quicker changes than pictures are looked at: what there is plays
        if found is not None:
            self._set = found
        if self._set is None:
            return None
        styles = self._set
        weights = along(mix, len(styles.names))
        self._explain(styles, weights)
        parts = list(zip(styles.vectors, weights, strict=True))
        return self._travel.at(
            styles.vectors.tobytes(), parts, snapshot.time, snapshot["prompt/travel"]
        )

    @property
    def _travels(self) -> bool:
        return self._travel.under_way or self._pending or self._live.pending

    def _prepare(self, snapshot: Snapshot) -> None:
        self._text = walked(snapshot)[0]
        self._book.find(self._text)

    def _explain(self, styles: StyleSet, weights: list[float]) -> None:
        shown = styles, [round(100 * weight) for weight in weights]
        if shown != self._shown:
            self._shown = shown
            shares = dict.fromkeys(styles.names, 0)
            for name, share in zip(styles.names, shown[1], strict=True):
                shares[name] += share
            self.understood = ", ".join(
                f"{name} {share} %" for name, share in shares.items() if share
            )

    def rest(self) -> None:
        self.clear()
        self.reset()
        self._travel.cut()
        self._live.begin()

    def keep_up(self, snapshot: Snapshot) -> None:
        text = walked(snapshot)[0]
        if text != self._text:
            self._text = text
            self._book.forget(text)
        self._book.get(text)

    def layer(self) -> PictureBackend:
        return PictureBackend(*self._given)

    def close(self) -> None:
        self._book.close()
        self._live.close()


def walked(snapshot: Snapshot) -> tuple[str, float]:
    """The pictures to walk through, as image/styles writes them, and where the frame is on the way.
    Scenes that name pictures lead the way; one that names none keeps that of the scene before."""
    named = [scene.image.strip() for scene in playing_scenes(snapshot.values)]
    if not any(named):
        return snapshot["image/styles"], snapshot["image/mix"]
    shown: list[str] = []
    for name in named:
        before = shown[-1] if shown else next(one for one in named if one)
        shown.append(name or before)
    return ", ".join(shown), snapshot["prompt/position"]
