"""A show that was saved while it plays: all that is new is built beside what plays, then everything
is switched; or nothing is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from vj.app.output_upscale import Enlarging
from vj.app.part import Part, nothing
from vj.app.setup import find_flow, make_people, split_preview, start_values
from vj.core.errors import Fault
from vj.parameters.store import Store
from vj.pipeline.person_segmentation import Beside
from vj.show.load import line_of
from vj.show.reload import ShowFile
from vj.show.schema import Show
from vj.sources import split_uri

if TYPE_CHECKING:
    from vj.app.live import Performance

SCORE = (
    "mappings",
    "answers",
    "ignored",
    "macros",
    "modulators",
    "cues",
    "timeline",
    "curves",
    "tempo",
    "midi",
)
DRAWN = ("testcard", "drawn", "walk", "image", "none")
"""Sources that are made for the show's size and rate, and can be made anew without being missed."""


class Adopting:
    """Changes a performance as its show file says. Belongs to the thread that watches the file."""

    def __init__(self, performance: Performance) -> None:
        self._played = performance

    def adopt(self, show: Show, file: ShowFile | None = None) -> bool:
        """Change what can change while it plays, as a whole. False when some of it could not be
        had: that is said, with its line, and what plays is as it was. file: where the show is
        from."""
        played = self._played
        old = played.show
        parts: list[Part] = []
        builders: list[tuple[str, Callable[[Show, Show], Part | None]]] = [
            ("start", self._values),
            ("sinks", self._sinks),
            ("person", self._people),
            ("flow", self._flow),
            ("output", self._output),
            ("fps", self._pace),
            ("osc", played.servers.other_osc),
            ("preview", played.servers.other_page),
            ("source", self._source),
        ]
        for key, build in builders:
            try:
                part = build(show, old)
            except Exception as error:  # whatever a library, a disk or a driver has against it
                for built in reversed(parts):
                    played.supervisor.call(
                        "what was built for the saved show, at its end,", built.drop
                    )
                self._refuse(key, error, file)
                return False
            if part is not None:
                parts.append(part)
        played.show = show
        for part in parts:
            played.supervisor.call(
                f"{', '.join(part.names) or 'the saved show'}, saved,", part.switch
            )
        played.supervisor.call("what hears, after the save,", played.servers.join)
        if played.page is not None:
            played.page.tree_changed()
        changed = [name for part in parts for name in part.names]
        if played.loader.key_of(show) != played.loader.asked:
            changed += (
                ["model"] if (show.model, show.engine) != (old.model, old.engine) else ["size"]
            )
            if show.size != old.size:
                played.outlets.anew(show.fps)
            played.loader.load(show)
        if file is None or not file.by_itself or changed not in ([], ["what moves them"]):
            played.say(
                "the show file was saved; changed: "
                f"{', '.join(changed) or 'nothing that is not played otherwise'}"
            )
        self._tell_later(show, old)
        return True

    def _refuse(self, key: str, error: Exception, file: ShowFile | None) -> None:
        told = str(error) if isinstance(error, Fault) else f"{type(error).__name__}: {error}"[:300]
        line = line_of(file.path, key) if file is not None else 0
        where = f"{file.path}:{line}: {key}: " if file is not None and line else f"{key}: "
        self._played.say(f"{where}{told}\nthe running show goes on as it was")

    def _tell_later(self, show: Show, old: Show) -> None:
        """What does not change, and why."""
        setting = self._played.feed_setting
        if setting is None:
            return
        later = [
            *(["loop"] if show.loop != setting.loop and show.loop != old.loop else []),
            *(
                ["ndi_addresses"]
                if tuple(show.ndi_addresses) != setting.addresses
                and show.ndi_addresses != old.ndi_addresses
                else []
            ),
        ]
        if later:
            self._played.say(
                f"{', '.join(later)}: with the next source, since the one that plays would have "
                "to begin again"
            )

    def _values(self, show: Show, old: Show) -> Part:
        """The parameters and what moves them."""
        played = self._played
        start, table = start_values(show), show.table()
        scratch = Store(start, table)
        moves = any(getattr(old, name) != getattr(show, name) for name in SCORE)
        # Ranges of modulators are meant from where the show starts.
        ranged = start_values(old) != start and any(rule.range for rule in show.modulators)
        ready = played.desk.ready(show, scratch) if moves or ranged else None
        part = Part([], nothing)

        def switch() -> None:
            with played.store.together():  # no frame has the one and not the other
                part.names += played.store.adopt(start, table)
                afterwards = played.desk.adopt(show, ready) if ready is not None else nothing
            played.servers.join()
            afterwards()
            if moves:
                part.names.append("what moves them")

        part.switch = switch
        if ready is not None:
            part.drop = lambda: played.desk.drop(ready)
        return part

    def _sinks(self, show: Show, old: Show) -> Part | None:
        if show.sinks == old.sinks:
            return None
        played = self._played
        uris = [uri for uri in show.sinks if split_preview(uri)]
        runners = played.outlets.ready(uris)

        def switch() -> None:
            played.outlets.take(runners)
            played.has_sinks = bool(uris)

        return Part(["sinks"], switch)

    def _people(self, show: Show, old: Show) -> Part | None:
        if show.person == old.person:
            return None
        played = self._played
        made, before = make_people(show, True, played.say, played.supervisor), played.people

        def switch() -> None:
            played.people = made
            played.loop.between(lambda: played.loop.journey.find_people(made))
            if isinstance(before, Beside):
                before.close()

        return Part(["person"], switch, made.close if isinstance(made, Beside) else nothing)

    def _flow(self, show: Show, old: Show) -> Part | None:
        if show.flow == old.flow:
            return None
        played = self._played
        made = find_flow(show)
        return Part(
            ["flow"], lambda: played.loop.between(lambda: played.loop.journey.find_flow(made))
        )

    def _output(self, show: Show, old: Show) -> Part | None:
        changed = [
            name for name in ("output", "upscale") if getattr(show, name) != getattr(old, name)
        ]
        if not changed:
            return None
        played = self._played
        made: Enlarging | None = None
        if show.output is not None:
            made = played.make_enlarging(show, played.size, show.output)

        def switch() -> None:
            before, played.enlarging = played.enlarging, made
            played.outlets.anew(show.fps)
            if before is not None:
                before.stop()

        return Part(changed, switch, made.stop if made is not None else nothing)

    def _pace(self, show: Show, old: Show) -> Part | None:
        """The show's rate, and how what comes in is fitted into what is painted."""
        changed = [name for name in ("fps", "fit") if getattr(show, name) != getattr(old, name)]
        if not changed:
            return None
        played = self._played

        def switch() -> None:
            if show.fps != old.fps:
                played.loop.period = played.inbetween.period = 1 / show.fps
                played.outlets.anew(show.fps)
                if played.enlarging is not None:
                    played.enlarging.keep_pace(1 / show.fps)
            if show.fit != old.fit:
                played.loop.between(lambda: played.loop.journey.refit(show.fit))

        return Part(changed, switch)

    def _source(self, show: Show, old: Show) -> Part | None:
        """Another list of sources: what plays and is in it plays on, and the first that is there
        takes over. A camera that may be the one that plays is opened after that was closed, since a
        device has one user."""
        played = self._played
        feed = played.feed
        assert feed is not None
        told = ["source"] if show.source != old.source else []
        setting = played.setting_of(show)
        anew = [feed.uri] if self._made_anew(feed.uri, show, old) else []
        if not told and not anew:

            def later() -> None:
                feed.setting = setting

            return Part([], later)
        wanted = show.source.index(feed.uri) if feed.uri in show.source else len(show.source)
        clash = (
            [feed.uri] if any(_may_be_one(feed.uri, uri) for uri in show.source[:wanted]) else []
        )
        change = feed.ready(show.source, setting, anew, clash)

        def switch() -> None:
            change.switch()
            if feed.uri not in show.source or anew or clash:
                played.feed_setting = setting

        return Part(told, switch, change.drop)

    def _made_anew(self, uri: str, show: Show, old: Show) -> bool:
        """A drawn source is made for a size and a rate."""
        return split_uri(uri)[0] in DRAWN and (
            show.fps != old.fps or (show.size != old.size and "auto" not in (show.size, old.size))
        )


def _may_be_one(one: str, other: str) -> bool:
    """Two cameras that may be the same device: of one number, or one by its name."""
    (kind, rest), (kind_too, rest_too) = split_uri(one), split_uri(other)
    if kind != "camera" or kind_too != "camera":
        return False
    numbers = [text.strip() or "0" for text in (rest, rest_too)]
    return numbers[0] == numbers[1] or not all(number.isdecimal() for number in numbers)
