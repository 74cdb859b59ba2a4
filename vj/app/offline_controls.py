"""The control engine of a show that is rendered, and another one where another recipe plays."""

from __future__ import annotations

from collections.abc import Callable

from vj.app.setup import start_values
from vj.control.audio import SourceSound
from vj.control.build import AudioInputs, make_engine
from vj.control.engine import ControlEngine
from vj.core.happenings import Happenings
from vj.core.input_features import InputFeatures
from vj.parameters.store import Store
from vj.show.schema import Show


class OfflineControls:
    """Moves a store's parameters as the show says. Belongs to the thread that renders."""

    def __init__(
        self,
        show: Show,
        store: Store,
        now: Callable[[], float],
        log: Callable[[str], None],
        features: InputFeatures,
        source_sound: SourceSound,
    ) -> None:
        """now: seconds on the clock of frames. Raises Fault."""
        self._store, self._now, self._log = store, now, log
        self._features, self._source_sound = features, source_sound
        self._show = show
        self.happenings = Happenings()
        """What happens in each frame, for whoever acts on it; of all control engines."""
        self.engine, self._audio_inputs = self._made(show, None)
        store.listeners.append(lambda *change: self.engine.changed(*change))

    def _made(self, show: Show, before: AudioInputs | None) -> tuple[ControlEngine, AudioInputs]:
        return make_engine(
            show.model_copy(update={"timecode": None}),  # its own clock is the timecode
            self._store,
            live=False,
            log=self._log,
            now=self._now,
            audio_inputs=before,
            features=self._features,
            source_sound=self._source_sound,
            happenings=self.happenings,
        )

    def follow(self, show: Show) -> None:
        """Another model plays, that of this show: where that has another recipe, it is played from
        the next frame on, as live."""
        if show.recipe == self._show.recipe:
            return
        self._show = show
        with self._store.together():
            self._store.adopt(start_values(show), show.table())
            before, inputs = self.engine, self._audio_inputs
            engine, self._audio_inputs = self._made(show, inputs)
            engine.take_over(before)
            self.engine = self._store.automation = engine
        inputs.close(but=self._audio_inputs)

    def close(self) -> None:
        self._audio_inputs.close()
