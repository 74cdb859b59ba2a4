"""What the clips of a show are called, where a curve, an entry of the timeline or a mark means one
of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vj.show.names import clip_name, source_names
from vj.sources import split_uri

OWN = ""
"""Stands for the show's own source, whichever of its list plays."""


class ClipNames:
    """A source is called as in `sources:`, a clip of a list `clips:a.mp4,drawn:kiss` as it stands
    there, a file by its last part: a.mp4, drawn:kiss."""

    def __init__(self, sources: Mapping[str, str], source: Sequence[str]) -> None:
        """sources, source: the show's sections."""
        self._uris = source_names(sources, source)
        self._named, self._own = dict(sources), tuple(source)

    @property
    def known(self) -> list[str]:
        """All names, each once."""
        listed = [name for uri in self._uris.values() for name in clips_of(uri)]
        return list(dict.fromkeys([*self._uris, *listed]))

    def of(self, uri: str, clip: str = "") -> tuple[str, ...]:
        """What a clip is called, the narrowest name first. uri: of the source that plays. clip: of
        several in it, the one that plays."""
        names = [clip_name(clip)] if clip else []
        names += [name for name, one in self._uris.items() if one == uri]
        return (*names, OWN) if uri in self._own else tuple(names)

    def called(self, source: str) -> tuple[str, ...]:
        """The same of a source of the show, by its name."""
        return self.of(self._uris[source]) if source in self._uris else ()

    def home(self, uri: str, clip: str = "") -> str:
        """Where marks of a clip belong: its name of a list, its name in `sources:`, else `OWN`."""
        if clip:
            return clip_name(clip)
        named = next((name for name, one in self._named.items() if one == uri), None)
        return OWN if named is None and uri in self._own else named or self.of(uri)[0]


def clips_of(uri: str) -> list[str]:
    """The names of the clips in a list; none for any other source."""
    kind, rest = split_uri(uri)
    if kind != "clips":
        return []
    return [clip_name(part.strip()) for part in rest.split(",") if part.strip()]
