"""A show that was saved while it plays: all that is new is built beside what plays, then everything
is switched; or nothing is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from vj.app.output_upscale import OutputUpscaler
from vj.app.replacement import AdoptedPart, nothing
from vj.app.setup import make_flow_backend, make_person_segmentation, split_preview, start_values
from vj.core.errors import Fault
from vj.parameters.store import Store
from vj.pipeline.person_segmentation import PersonThread
from vj.show.load import line_of
from vj.show.reload import ShowFile
from vj.show.schema import Show
from vj.sources import split_uri

if TYPE_CHECKING:
    from vj.app.live import Performance

SEQUENCE = (
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


class ShowAdopter:
    """Changes a performance as its show file says. Belongs to the thread that watches the file."""

    def __init__(self, performance: Performance) -> None:
        self._played = performance

    def adopt(self, show: Show, file: ShowFile | None = None) -> bool:
        """Change what can change while it plays, as a whole. False when some of it could not be
        had: that is said, with its line, and what plays is as it was. file: where the show is
        from."""
        played = self._played
        old = played.show
        parts: list[AdoptedPart] = []
        builders: list[tuple[str, Callable[[Show, Show], AdoptedPart | None]]] = [
            ("start", self._values),
            ("sinks", self._sinks),
            ("person", self._person),
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
                self._reject(key, error, file)
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
                played.sinks.anew(show.fps)
            played.loader.load(show)
        if file is None or not file.by_itself or changed not in ([], ["what moves them"]):
            played.log(
                "the show file was saved; changed: "
                f"{', '.join(changed) or 'nothing that is not played otherwise'}"
            )
        self._report_later(show, old)
        return True

    def _reject(self, key: str, error: Exception, file: ShowFile | None) -> None:
        report = (
            str(error) if isinstance(error, Fault) else (f"{type(error).__name__}: {error}")[:300]
        )
        line = line_of(file.path, key) if file is not None else 0
        where = f"{file.path}:{line}: {key}: " if file is not None and line else f"{key}: "
        self._played.log(f"{where}{report}\nthe running show goes on as it was")

    def _report_later(self, show: Show, old: Show) -> None:
        """What does not change, and why."""
        setting = self._played.capture_settings
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
            self._played.log(
                f"{', '.join(later)}: with the next source, since the one that plays would have "
                "to begin again"
            )

    def _values(self, show: Show, old: Show) -> AdoptedPart:
        """The parameters and what moves them."""
        played = self._played
        start, table = start_values(show), show.table()
        scratch = Store(start, table)
        moves = any(getattr(old, name) != getattr(show, name) for name in SEQUENCE)
        # Ranges of modulators are meant from where the show starts.
        ranged = start_values(old) != start and any(rule.range for rule in show.modulators)
        ready = played.session.ready(show, scratch) if moves or ranged else None
        part = AdoptedPart([], nothing)

        def switch() -> None:
            with played.store.together():  # no frame has the one and not the other
                part.names += played.store.adopt(start, table)
                afterwards = played.session.adopt(show, ready) if ready is not None else nothing
            played.servers.join()
            afterwards()
            if moves:
                part.names.append("what moves them")

        part.switch = switch
        if ready is not None:
            part.drop = lambda: played.session.drop(ready)
        return part

    def _sinks(self, show: Show, old: Show) -> AdoptedPart | None:
        if show.sinks == old.sinks:
            return None
        played = self._played
        uris = [uri for uri in show.sinks if split_preview(uri)]
        runners = played.sinks.ready(uris)

        def switch() -> None:
            played.sinks.take(runners)
            played.has_sinks = bool(uris)

        return AdoptedPart(["sinks"], switch)

    def _person(self, show: Show, old: Show) -> AdoptedPart | None:
        if show.person == old.person:
            return None
        played = self._played
        made, before = (
            make_person_segmentation(show, True, played.log, played.supervisor),
            played.people,
        )

        def switch() -> None:
            played.people = made
            played.loop.between(lambda: played.loop.pipeline.use_person_segmentation(made))
            if isinstance(before, PersonThread):
                before.close()

        return AdoptedPart(
            ["person"], switch, made.close if isinstance(made, PersonThread) else nothing
        )

    def _flow(self, show: Show, old: Show) -> AdoptedPart | None:
        if show.flow == old.flow:
            return None
        played = self._played
        made = make_flow_backend(show)
        return AdoptedPart(
            ["flow"], lambda: played.loop.between(lambda: played.loop.pipeline.use_flow(made))
        )

    def _output(self, show: Show, old: Show) -> AdoptedPart | None:
        changed = [
            name for name in ("output", "upscale") if getattr(show, name) != getattr(old, name)
        ]
        if not changed:
            return None
        played = self._played
        made: OutputUpscaler | None = None
        if show.output is not None:
            made = played.make_output_upscaler(show, played.size, show.output)

        def switch() -> None:
            before, played.output_upscaler = played.output_upscaler, made
            played.sinks.anew(show.fps)
            if before is not None:
                before.stop()

        return AdoptedPart(changed, switch, made.stop if made is not None else nothing)

    def _pace(self, show: Show, old: Show) -> AdoptedPart | None:
        """The show's rate, and how what comes in is fitted into what is painted."""
        changed = [name for name in ("fps", "fit") if getattr(show, name) != getattr(old, name)]
        if not changed:
            return None
        played = self._played

        def switch() -> None:
            if show.fps != old.fps:
                played.loop.period = played.interpolation.period = 1 / show.fps
                played.sinks.anew(show.fps)
                if played.output_upscaler is not None:
                    played.output_upscaler.keep_pace(1 / show.fps)
            if show.fit != old.fit:
                played.loop.between(lambda: played.loop.pipeline.refit(show.fit))

        return AdoptedPart(changed, switch)

    def _source(self, show: Show, old: Show) -> AdoptedPart | None:
        """Another list of sources: what plays and is in it plays on, and the first that is there
        takes over. A camera that may be the one that plays is opened after that was closed, since a
        device has one user."""
        played = self._played
        capture = played.capture
        assert capture is not None
        report = ["source"] if show.source != old.source else []
        setting = played.setting_of(show)
        anew = [capture.uri] if self._made_anew(capture.uri, show, old) else []
        if not report and not anew:

            def later() -> None:
                capture.setting = setting

            return AdoptedPart([], later)
        wanted = show.source.index(capture.uri) if capture.uri in show.source else len(show.source)
        clash = (
            [capture.uri]
            if any(_may_be_one(capture.uri, uri) for uri in show.source[:wanted])
            else []
        )
        change = capture.ready(show.source, setting, anew, clash)

        def switch() -> None:
            change.switch()
            if capture.uri not in show.source or anew or clash:
                played.capture_settings = setting

        return AdoptedPart(report, switch, change.drop)

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
