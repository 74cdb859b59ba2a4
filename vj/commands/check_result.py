"""The result of a check."""

from __future__ import annotations

from vj.core.errors import Fault
from vj.show.load import Reading
from vj.show.origins import Report
from vj.show.section import KeyPath


class CheckResult:
    """Of one show file: errors, warnings about what plays otherwise than it looks, and what could
    not be checked."""

    def __init__(self, reading: Reading) -> None:
        """reading: what loading the file has found already."""
        self._reading = reading
        self._errors: list[Report] = list(reading.wrong)
        self._warnings: list[Report] = list(reading.notes)
        self.skipped: list[str] = []
        """What was not checked, and why."""
        self.lengths: dict[str, float] = {}
        """Seconds of the clips that were opened, by their URIs."""

    def error(self, place: KeyPath, text: str | Fault) -> None:
        """The show cannot be played as it is written."""
        self._errors.append(self._report(place, text))

    def warn(self, place: KeyPath, text: str | Fault) -> None:
        """The show plays, though perhaps not as it was meant."""
        self._warnings.append(self._report(place, text))

    def skip(self, what: str) -> None:
        if what not in self.skipped:
            self.skipped.append(what)

    def is_own(self, place: KeyPath) -> bool:
        """The place is in the show's own file, not in one that it includes."""
        return self._report(place, "")[0] <= 0

    def _report(self, place: KeyPath, text: str | Fault) -> Report:
        assert self._reading.origins is not None
        return self._reading.origins.report(place, str(text))

    @property
    def errors(self) -> list[str]:
        """Each once, in the order of the lines."""
        return [report[2] for report in sorted(set(self._errors))]

    @property
    def warnings(self) -> list[str]:
        """Each once, in the order of the lines."""
        return [report[2] for report in sorted(set(self._warnings))]
