"""What the render loop of a live show uses and a saved show may replace: the models of
people and depth, optical flow, effects, rate and fit."""

from __future__ import annotations

from vj.app.context import ShowContext
from vj.app.outputs import Outputs
from vj.app.portraits import faults_of
from vj.app.replacement import Replacement
from vj.app.setup import (
    depth_finder,
    fetched_person,
    make_depth_finder,
    make_flow_backend,
    make_person_segmentation,
)
from vj.app.show_effects import ShowEffects
from vj.parameters.table import Value
from vj.pipeline import selfie_segmentation
from vj.pipeline.depth import NO_MASK, FindDepth
from vj.pipeline.landmarks.markers import FILES, missing
from vj.pipeline.loop import RenderLoop
from vj.pipeline.masks import SegmentPerson
from vj.pipeline.network_thread import NetworkThread
from vj.show.schema import Show


class LoopParts:
    """Replaces them between two frames; closes the person model at the end."""

    def __init__(
        self,
        context: ShowContext,
        loop: RenderLoop,
        outputs: Outputs,
        segment_person: SegmentPerson | None,
    ) -> None:
        """segment_person: what the loop was made with."""
        self._context, self._loop, self._outputs = context, loop, outputs
        self._segment_person = segment_person
        self._told: set[str] = set()
        show, log, supervisor = context.run.show, context.messages.log, context.supervisor
        self._depth: FindDepth | None = None
        self._use_depth(depth_finder(show, True, log, supervisor))
        self.effects = ShowEffects(context, loop)
        context.store.listeners.append(self._on_change)

    def check_mask(self) -> None:
        """Remark it when the show starts with a person mask, or lines of faces and bodies, that are
        not installed."""
        for name in ("mask/mode", "lines/from"):
            self._on_change(name, self._context.store.get(name), None)

    def _on_change(self, name: str, value: Value, origin: object) -> None:
        if name == "lines/from" and value in FILES and (message := missing(str(value))):
            self._remark(message, origin)
        if name == "mask/mode" and value == "depth" and self._context.run.show.depth is None:
            self._remark(NO_MASK, origin)
        if name != "mask/mode" or value != "person" or self._segment_person is not None:
            return
        messages = self._context.messages
        # it may have been fetched since the show began
        made = fetched_person(True, messages.log, self._context.supervisor)
        if made is None:
            self._remark(selfie_segmentation.missing(), origin)
        else:
            self._use(made)

    def _remark(self, message: str, origin: object) -> None:
        """To whoever asks each time; of cues that come again and again, once."""
        by_itself = origin is not None and origin is self._context.store.automation
        if not (by_itself and message in self._told):
            self._told.add(message)
            self._context.messages.remark(message)

    def _use(self, made: SegmentPerson | None) -> None:
        before, self._segment_person = self._segment_person, made
        self._loop.between(lambda: self._loop.pipeline.use_person_segmentation(made))
        _end(before)

    def replace_person(self, show: Show, old: Show) -> Replacement | None:
        """The person model of a saved show. Raises Fault when it does not load."""
        if show.person == old.person:
            return None
        log, supervisor = self._context.messages.log, self._context.supervisor
        made = make_person_segmentation(show, True, log, supervisor)
        return Replacement(["person"], lambda: self._use(made), lambda: _end(made))

    def _use_depth(self, made: FindDepth | None) -> None:
        before, self._depth = self._depth, made
        depth = self._loop.pipeline.preparation.depth
        self._loop.between(lambda: setattr(depth, "find", made))
        _end(before)

    def replace_depth(self, show: Show, old: Show) -> Replacement | None:
        """The depth model of a saved show. Raises Fault when it does not load."""
        if show.depth == old.depth:
            return None
        log, supervisor = self._context.messages.log, self._context.supervisor
        made = make_depth_finder(show, True, log, supervisor)
        return Replacement(["depth"], lambda: self._use_depth(made), lambda: _end(made))

    def replace_flow(self, show: Show, old: Show) -> Replacement | None:
        """The optical flow of a saved show. Raises Fault where it cannot be had."""
        if show.flow == old.flow:
            return None
        loop, made = self._loop, make_flow_backend(show)
        return Replacement(["flow"], lambda: loop.between(lambda: loop.pipeline.use_flow(made)))

    def replace_rate_and_fit(self, show: Show, old: Show) -> Replacement | None:
        """The frame rate of a saved show, and how its input is fitted into the painted size."""
        changed = [name for name in ("fps", "fit") if getattr(show, name) != getattr(old, name)]
        if not changed:
            return None

        def apply() -> None:
            if show.fps != old.fps:
                self._loop.period = 1 / show.fps
                self._outputs.set_rate(show.fps)
            if show.fit != old.fit:
                self._loop.between(lambda: self._loop.pipeline.refit(show.fit))

        return Replacement(changed, apply)

    def replace_portraits(self, show: Show, old: Show) -> Replacement | None:
        """The portraits of a saved show. Raises Fault for one that cannot be had."""
        if show.portraits == old.portraits:
            return None
        for _, fault in faults_of(show.portraits):
            raise fault
        loop = self._loop
        return Replacement(
            ["portraits"], lambda: loop.between(loop.pipeline.preparation.portraits.anew)
        )

    def close(self) -> None:
        """End the threads of the person and the depth model."""
        for part in (self._segment_person, self._depth):
            _end(part)


def _end(part: object) -> None:
    """A network that is used no more."""
    if isinstance(part, NetworkThread):
        part.close()
