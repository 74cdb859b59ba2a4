"""`model: picture`: any picture as the style."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vj.core.errors import Fault
from vj.core.frame import Size
from vj.core.supervisor import Supervisor
from vj.painters.backend import PainterBackend
from vj.painters.networks import PictureNetwork
from vj.painters.style_pictures import StylePictures, read_picture
from vj.painters.styles_backend import mean
from vj.parameters.store import Snapshot
from vj.pipeline.mixture_travel import MixtureTravel
from vj.pipeline.text_book import TextBook

FOLLOWS_PICTURES = "the picture model follows pictures: image/mix, image/styles"
NOT_BY_PICTURES = {
    **dict.fromkeys(("prompt/a", "prompt/b", "prompt/mix", "prompt/list"), FOLLOWS_PICTURES),
    "image/amount": "the picture model follows strength",
}


@dataclass(frozen=True, slots=True, eq=False)
class StyleSet:
    """Pictures in the order that image/mix walks through, one perhaps several times. vectors:
    (n, 100) float32."""

    names: tuple[str, ...]
    vectors: np.ndarray


class StyleReader:
    """Sets of style pictures as vectors. One picture is read once. From any thread."""

    def __init__(
        self, network: PictureNetwork, pictures: StylePictures, on_message: Callable[[str], None]
    ) -> None:
        self._network, self._pictures, self._log = network, pictures, on_message
        self._lock = threading.Lock()
        self._known: dict[object, np.ndarray] = {}

    def read(self, text: str) -> StyleSet:
        """text: image/styles. Names that nothing has, and pictures that cannot be read, are told
        and left out. Raises Fault when none is left."""
        names, places = self._pictures.shown(text), self._pictures.places()
        for unknown in self._pictures.unknown(text):
            self._log(self._pictures.no_such(unknown))
        vectors: dict[str, np.ndarray] = {}
        last: Fault | None = None
        for name in dict.fromkeys(names):
            place = places.get(name)
            if place is None:  # it went this moment
                continue
            try:
                vectors[name] = self._vector(place)
            except Fault as fault:
                last = fault
                self._log(str(fault))
        if not vectors:
            raise last or Fault(f"image/styles: {text!r:.60}: there is no picture")
        read = [name for name in names if name in vectors]
        return StyleSet(tuple(read), np.stack([vectors[name] for name in read]))

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
    travels in over prompt/travel."""

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
        self._book = TextBook(
            reader.read,
            wait,
            on_message,
            supervisor=supervisor,
            thread="style pictures",
            what="image/styles {!r} cannot be painted with",
        )
        self._travel = MixtureTravel(mean)
        self._set: StyleSet | None = None
        self._pending = False
        self._text: str | None = None
        """image/styles of the last frame."""
        self._shown: object = None

    def _style(self, snapshot: Snapshot) -> np.ndarray | None:
        text = snapshot["image/styles"]
        if text != self._text:  # what it names may have come, gone or changed since it was set last
            self._text = text
            self._book.forget(text)
        found = self._book.get(text)
        self._pending = found is None
        if found is not None:
            self._set = found
        if self._set is None:
            return None
        styles = self._set
        weights = along(snapshot["image/mix"], len(styles.names))
        self._explain(styles, weights)
        parts = list(zip(styles.vectors, weights, strict=True))
        return self._travel.at(
            styles.vectors.tobytes(), parts, snapshot.time, snapshot["prompt/travel"]
        )

    @property
    def _travels(self) -> bool:
        return self._travel.under_way or self._pending

    def _prepare(self, snapshot: Snapshot) -> None:
        self._text = snapshot["image/styles"]
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

    def close(self) -> None:
        self._book.close()


def along(mix: float, count: int) -> list[float]:
    """The weights of `count` things at a place on the way from the first, mix 0, to the last, 1."""
    place = min(1.0, max(0.0, mix)) * (count - 1)
    return [max(0.0, 1 - abs(place - index)) for index in range(count)]
