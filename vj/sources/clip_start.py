"""Where a clip that stands by is to begin."""

from __future__ import annotations

import threading
from collections.abc import Callable

from vj.sources.transport import Place, Transport, TransportControl


class ClipStart:
    """Told by whoever will play the clip, followed by the thread that holds its picture."""

    def __init__(self, control: TransportControl | None) -> None:
        """control: the clip's; None for what is played without."""
        self._control = control
        self._at: Place | None = None
        """None: where the part that plays does."""
        self._stands: object = None
        """Where there is a picture of to begin with; None: there is none."""
        self.fresh = True
        """It has not played yet."""
        self.wanted = False
        """It is to play as soon as it has its picture."""
        self.told = threading.Event()
        """It is to begin elsewhere, or to play, or to stop."""

    def tell(self, position: Place | None, transport: Callable[[], Transport]) -> None:
        """Begin there, or where the part that plays does, by these controls. From any thread; does
        not wait."""
        if self._control is None:
            return
        self._control.set(transport)
        self._at, self.wanted = position, True
        if not self.ready:
            self.told.set()

    def anew(self) -> None:
        """It stands by once more, and nobody has told it yet."""
        self._at, self._stands, self.wanted, self.fresh = None, None, False, False

    def seek(self) -> None:
        """Have the clip go there."""
        if self._control is None:
            return
        if self._at is None:
            self._control.restart()
        else:
            self._control.seek(self._at)

    @property
    def ready(self) -> bool:
        """There is a picture of where it is to begin."""
        return self._stands is not None and self._stands == self._place(self._at)

    def stand(self, place: object) -> None:
        """There is a picture of this place, see `place` and `first`; None: it has begun."""
        self._stands = place

    @property
    def place(self) -> object:
        """What says where it is to begin: another one is another place."""
        return self._place(self._at)

    @property
    def first(self) -> object:
        """The same of where it begins when nobody has told it."""
        return self._place(None)

    def stands_at(self, place: object) -> bool:
        """Whether there is a picture of this place."""
        return self._stands == place

    def _place(self, at: Place | None) -> object:
        if self._control is None:
            return at, None
        transport = self._control.now()
        return at, (transport.start, transport.end, transport.speed < 0)
