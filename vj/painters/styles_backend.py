"""`model: styles`: the 26 learned styles, asked for by prompts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from vj.core.frame import Size
from vj.core.supervisor import Supervisor
from vj.painters.backend import PainterBackend
from vj.painters.networks import StylesNetwork
from vj.painters.style_words import understood
from vj.parameters.store import Snapshot
from vj.pipeline.backend import Words
from vj.pipeline.live_picture import TakenPicture
from vj.pipeline.mixture_travel import PromptTravel, prompt_weights
from vj.pipeline.text_book import TextBook

NO_PICTURES = "only the picture model follows pictures: model: picture"


class StylesBackend(PainterBackend):
    """Prompts are styles by name; prompt/mix and prompt/list mix them, and a mixture is painted in
    one run, not two pictures laid over each other."""

    words: Words = "styles"

    def __init__(
        self,
        network: StylesNetwork,
        size: Size,
        wait: bool,
        on_message: Callable[[str], None] = lambda text: None,
        supervisor: Supervisor | None = None,
    ) -> None:
        """wait: offline. supervisor: of the thread that reads the prompts."""
        super().__init__(f"styles ({network.device})", network, size, {"image/": NO_PICTURES})
        self._given = network, size, wait, on_message, supervisor
        self._log = on_message
        self._book = TextBook(weights_of, wait, on_message, supervisor=supervisor)
        self._travel = PromptTravel(self._book, mean)
        self._texts: tuple[str, ...] = ()

    def _style(self, snapshot: Snapshot, taken: TakenPicture | None = None) -> np.ndarray | None:
        style = self._travel.of(snapshot)
        self._explain(snapshot)
        return style

    @property
    def _travels(self) -> bool:
        return self._travel.under_way

    def _prepare(self, snapshot: Snapshot) -> None:
        for text, _ in prompt_weights(snapshot):
            self._book.find(text)

    def _explain(self, snapshot: Snapshot) -> None:
        """Log what is not known of prompts that have changed, once their thread has read them:
        looking up words is not for the render thread."""
        asked = prompt_weights(snapshot)
        texts = tuple(
            dict.fromkeys(text for text, weight in asked if text.strip() or weight > 0)
        )  # those of weight 0 may be wanted next, but nobody wants an empty one
        if texts == self._texts or any(self._book.get(text) is None for text in texts):
            return
        new = [text for text in texts if text not in self._texts]
        self._texts = texts
        meanings = {text: understood(text) for text in texts}
        lines = (meaning.describe() for meaning in meanings.values())
        self.understood = "; ".join(dict.fromkeys(lines))
        for text in new:
            if text.strip() and not meanings[text].recognised:
                self._log(meanings[text].describe())

    def rest(self) -> None:
        self.clear()
        self.reset()
        self._travel.cut()

    def keep_up(self, snapshot: Snapshot) -> None:
        self._travel.keep_up(snapshot)

    def layer(self) -> StylesBackend:
        return StylesBackend(*self._given)

    def close(self) -> None:
        self._book.close()


def weights_of(text: str) -> np.ndarray:
    """(26,) float32 of sum 1."""
    return np.array(understood(text).weights, np.float32)


def mean(parts: Sequence[tuple[np.ndarray, float]]) -> np.ndarray:
    """The weighted mean of arrays of one shape, float32; the first where no weight is above 0."""
    total = sum(weight for _, weight in parts)
    if total <= 0:
        return parts[0][0]
    made = np.zeros_like(parts[0][0], np.float64)
    for value, weight in parts:
        made += value * (weight / total)
    return made.astype(np.float32)
