"""Whether a show's portraits are there, and what finds faces where it needs them."""

from __future__ import annotations

from vj.app.portraits import faults_of, portrait_names
from vj.commands.check_result import CheckResult
from vj.core.errors import Fault, nearest
from vj.pipeline.landmarks.followed_faces import missing
from vj.show.given_values import given_values
from vj.show.schema import Show
from vj.sources import split_uri
from vj.sources.drawn import SCENES


def check_faces(show: Show, result: CheckResult) -> None:
    """Portraits, the names that portrait/picture has, and faces that nothing here would find."""
    for index, fault in faults_of(show.portraits):
        result.error(("portraits", index), fault)
    names = portrait_names(show.portraits)
    why = "" if _knows_faces(show) else missing()
    for name, value, place in given_values(show):
        if name == "portrait/picture" and not _known(str(value), list(names)):
            near = nearest(str(value)[:100], names)
            result.error(place, Fault(f"{name}: no portrait is called {value!r:.60}{near}"))
        moved = name == "portrait/amount" and isinstance(value, int | float) and value > 0
        if why and (moved or (name == "mask/mode" and value == "face")):
            result.warn(place, f"{name} {value}: what finds faces {why}; until then nobody is seen")


def _known(value: str, names: list[str]) -> bool:
    return not value.strip() or value.strip().casefold() in {name.casefold() for name in names}


def _knows_faces(show: Show) -> bool:
    """All of its sources are drawings that bring their faces."""
    parts = [split_uri(uri) for uri in (*show.source, *show.sources.values())]
    return all(kind == "drawn" and hasattr(SCENES.get(rest), "face") for kind, rest in parts)
