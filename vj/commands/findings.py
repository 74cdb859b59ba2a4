"""What a check has found."""

from __future__ import annotations

from vj.core.errors import Fault
from vj.show.load import Reading
from vj.show.origins import Told
from vj.show.section import Place


class Findings:
    """Of one show file: what is wrong, what plays otherwise than it looks, and what could not be
    looked at."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._wrong: list[Told] = list(reading.wrong)
        self._doubtful: list[Told] = list(reading.notes)
        self.unchecked: list[str] = []

    def wrong(self, place: Place, text: str | Fault) -> None:
        self._wrong.append(self._tell(place, text))

    def doubtful(self, place: Place, text: str | Fault) -> None:
        self._doubtful.append(self._tell(place, text))

    def not_looked_at(self, what: str) -> None:
        if what not in self.unchecked:
            self.unchecked.append(what)

    def is_own(self, place: Place) -> bool:
        """It stands in the show's own file, and not in one that it includes."""
        return self._tell(place, "")[0] <= 0

    def _tell(self, place: Place, text: str | Fault) -> Told:
        assert self._reading.origins is not None
        return self._reading.origins.tell(place, str(text))

    @property
    def faults(self) -> list[str]:
        """Each once, in the order of the lines."""
        return [told[2] for told in sorted(set(self._wrong))]

    @property
    def warnings(self) -> list[str]:
        return [told[2] for told in sorted(set(self._doubtful))]
