"""What becomes of a picture that was rendered before it is written: what only rendering has time
for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from vj.core.errors import Fault
from vj.core.frame import Guide, Size
from vj.core.packed import rgb_of
from vj.diffusion.devices import best_device_name
from vj.pipeline.finish import Finish, make_finisher
from vj.pipeline.upscale import Upscaler, make_upscaler
from vj.show.schema import Show


def make_last_touch(
    show: Show, size: Size, fps: float, log: Callable[[str], None]
) -> Callable[[np.ndarray, Guide | None], np.ndarray]:
    """The models of `finish:`, the way to the output's size, and then what restores faces. size: of
    the pictures that come. Raises Fault."""
    if not show.finish and show.output is None:
        return lambda picture, guide: picture
    device = best_device_name(show.model.device)
    finish, restore = make_finisher(show.finish, size, device, fps, log, show.tile)
    upscaler = (
        make_upscaler(show.upscale, size, show.output, device, log, tile=show.tile)
        if show.output is not None
        else None
    )

    return LastTouch(finish, upscaler, restore)


class LastTouch:
    """What is done to each picture, in the order of time."""

    def __init__(self, finish: Finish, upscaler: Upscaler | None, restore: Finish) -> None:
        self._finish, self._upscaler, self._restore = finish, upscaler, restore

    def __call__(self, picture: np.ndarray, guide: Guide | None) -> np.ndarray:
        """(H, W, 3) uint8 -> the same at the size at which it leaves. Raises Fault."""
        try:
            picture = self._finish(picture)
            if self._upscaler is not None:
                picture = rgb_of(self._upscaler.upscale(picture, guide))
            return self._restore(picture)
        except (
            Exception
        ) as error:  # a foreign model, a card that has gone: offline nothing may be left out
            raise Fault(f"{type(error).__name__} while upscaling: {error}"[:300]) from error
