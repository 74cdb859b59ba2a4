"""From a painter's name to backends that are ready to play."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vj.core.errors import Fault
from vj.core.frame import Size
from vj.core.supervisor import Supervisor
from vj.painters.backend import PainterBackend
from vj.painters.installed import check_installed
from vj.painters.networks import PictureNetwork, StylesNetwork
from vj.painters.picture_backend import PictureBackend, StyleReader
from vj.painters.style_pictures import StylePictures
from vj.painters.styles_backend import StylesBackend
from vj.parameters.store import Snapshot


def load_painter(
    name: str,
    style_pictures: Sequence[str],
    pictures_folder: str,
    snapshot: Snapshot,
    live: bool,
    on_message: Callable[[str], None],
    supervisor: Supervisor | None = None,
    only_cpu: bool = False,
) -> Callable[[Size], PainterBackend]:
    """Load a painter's network; what is returned makes backends for it of any size, which share
    it: one of them plays at a time.

    name: styles or picture. style_pictures, pictures_folder: see `StylePictures`. snapshot: what
    the first frame will be like. supervisor: of the threads beside the render thread. only_cpu: not
    on a card, though there be one. Takes half a second. Raises Fault with one line that says what
    is wrong; the returned function too.
    """
    check_installed(name)
    try:
        if name == "styles":
            styles = StylesNetwork(only_cpu=only_cpu)

            def make(size: Size) -> PainterBackend:
                return StylesBackend(styles, size, not live, on_message, supervisor)

        else:
            network = PictureNetwork(only_cpu=only_cpu)
            pictures = StylePictures(style_pictures, pictures_folder)
            reader = StyleReader(network, pictures, on_message)

            def make(size: Size) -> PainterBackend:
                return PictureBackend(network, reader, size, not live, on_message, supervisor)

    except Fault as fault:
        raise Fault(f"model {name}: {fault}") from None

    def backend_at(size: Size) -> PainterBackend:
        backend = make(size)
        if live:
            backend.warm(snapshot)
        return backend

    return backend_at
