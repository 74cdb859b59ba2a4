"""A show that was saved while it plays: everything new is built beside what plays, then all of it
is switched; or none of it is."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from vj.app.context import ShowContext
from vj.app.controls import replace_controls
from vj.app.live_sound import LiveSound
from vj.app.loop_parts import LoopParts
from vj.app.marking import replace_mark
from vj.app.model_loader import ModelLoader
from vj.app.outputs import Outputs
from vj.app.replacement import Builder, Replacement
from vj.app.servers import Servers
from vj.app.video_input import VideoInput
from vj.control.session import ControlSession
from vj.core.errors import Fault, told
from vj.core.frame import Size
from vj.show.load import line_of
from vj.show.reload import ShowFile
from vj.show.schema import Show


class Rejected(Fault):
    """A part of a show cannot be built. section: which."""

    def __init__(self, section: str, error: Exception) -> None:
        super().__init__(told(error))
        self.section = section


class ShowAdopter:
    """Replaces a show's parts as its file says, or its performer. One call at a time."""

    def __init__(
        self,
        context: ShowContext,
        session: ControlSession,
        outputs: Outputs,
        loop_parts: LoopParts,
        servers: Servers,
        video_input: VideoInput,
        loader: ModelLoader,
        sound: LiveSound,
        painted: Callable[[], Size],
    ) -> None:
        """painted: the size that is painted now, in pixels."""
        self._run, self._supervisor = context.run, context.supervisor
        self._log = context.messages.log
        self._servers, self._video_input, self._loader = servers, video_input, loader
        self._builders: tuple[tuple[str, Builder], ...] = (
            ("start", partial(replace_controls, context.store, session, servers.connect)),
            ("sinks", outputs.replace_sinks),
            ("person", loop_parts.replace_person),
            ("depth", loop_parts.replace_depth),
            ("flow", loop_parts.replace_flow),
            ("output", lambda show, old: outputs.replace_upscaler(show, old, painted())),
            ("fps", loop_parts.replace_rate_and_fit),
            ("effects", loop_parts.effects.replace),
            ("portraits", loop_parts.replace_portraits),
            ("osc", servers.replace_osc),
            ("page", servers.replace_page),
            ("source", video_input.replace),
            ("sound", sound.replace),
            ("sounds", sound.replace_tracks),
            ("mark", replace_mark),
            ("lights", outputs.lights.replace),
        )
        """(section, what builds its replacement), in the order in which they are built and
        applied."""

    def adopt(self, show: Show, file: ShowFile | None = None) -> bool:
        """Change what can change while the show plays, as a whole. False when some of it could not
        be built: that is logged with its line, and what plays is as it was. file: where the show is
        from."""
        old = self._run.show
        try:
            changed = self._exchange(show)
        except Rejected as rejected:
            self._log_rejected(rejected, file)
            return False
        self._servers.tree_changed()
        changed += self._loader.replace_model(show, old)
        if file is None or not file.written_by_vj or changed not in ([], ["what moves them"]):
            saved = "the show file was" if file is None else file.saved
            self._log(
                f"{saved} saved; changed: "
                f"{', '.join(changed) or 'nothing that is not played otherwise'}"
            )
        later = self._video_input.deferred(show, old)
        if later:
            self._log(
                f"{', '.join(later)}: with the next source, since the one that plays would have "
                "to begin again"
            )
        return True

    def choose(self, show: Show) -> None:
        """The same for a show with something else in it that a performer has chosen: it is not
        logged. Raises Rejected, and what plays is as it was."""
        old = self._run.show
        self._exchange(show)
        if show.table().rows != old.table().rows:
            self._servers.tree_changed()
        self._loader.replace_model(show, old)

    def _exchange(self, show: Show) -> list[str]:
        """Build everything that is new, then switch to it. Returns the sections that changed, but
        for the model. Raises Rejected, with nothing changed."""
        old = self._run.show
        replacements: list[Replacement] = []
        for section, build in self._builders:
            try:
                replacement = build(show, old)
            except Exception as error:  # whatever a library, a disk or a driver raises
                for built in reversed(replacements):
                    self._supervisor.call(
                        "what was built for the saved show, at its end,", built.discard
                    )
                raise Rejected(section, error) from error
            if replacement is not None:
                replacements.append(replacement)
        self._run.show = show
        for replacement in replacements:
            names = ", ".join(replacement.changed) or "the saved show"
            self._supervisor.call(f"{names}, saved,", replacement.apply)
        self._supervisor.call("OSC and the page, after the save,", self._servers.connect)
        return [name for replacement in replacements for name in replacement.changed]

    def _log_rejected(self, rejected: Rejected, file: ShowFile | None) -> None:
        section, text = rejected.section, str(rejected)
        line = line_of(file.path, section) if file is not None else 0
        where = f"{file.path}:{line}: {section}: " if file is not None and line else f"{section}: "
        text = text.removeprefix(f"{section}: ")  # a part may name its section itself
        self._log(f"{where}{text}\nthe running show goes on as it was")
