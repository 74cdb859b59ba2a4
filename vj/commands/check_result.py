"""What a check has found."""

from __future__ import annotations

from vj.core.errors import Fault
from vj.show.load import Reading
from vj.show.origins import Report
from vj.show.section import KeyPath


class Findings:
    """Of one show file: what is wrong, what plays otherwise than it looks, and what could not be
    looked at."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._wrong: list[Report] = list(reading.wrong)
        self._doubtful: list[Report] = list(reading.notes)
        self.unchecked: list[str] = []

    def wrong(self, place: KeyPath, text: str | Fault) -> None:
        self._wrong.append(self._report(place, text))

    def doubtful(self, place: KeyPath, text: str | Fault) -> None:
        self._doubtful.append(self._report(place, text))

    def not_looked_at(self, what: str) -> None:
        if what not in self.unchecked:
            self.unchecked.append(what)

    def is_own(self, place: KeyPath) -> bool:
        """It stands in the show's own file, and not in one that it includes."""
        return self._report(place, "")[0] <= 0

    def _report(self, place: KeyPath, text: str | Fault) -> Report:
        assert self._reading.origins is not None
        return self._reading.origins.report(place, str(text))

    @property
    def faults(self) -> list[str]:
        """Each once, in the order of the lines."""
        return [report[2] for report in sorted(set(self._wrong))]

    @property
    def warnings(self) -> list[str]:
        return [report[2] for report in sorted(set(self._doubtful))]
