"""Memory for models: how much one will take is said before it is loaded, and those that rest give
way where there is not enough."""

from __future__ import annotations

from collections.abc import Callable

from vj.app.model_bank import LoadedModel, ModelBank
from vj.app.setup import model_spec
from vj.core.errors import Fault
from vj.core.frame import Size
from vj.core.free_memory import MemoryRoom, in_words, memory_room
from vj.core.memory import give_back
from vj.diffusion.attention_need import attention_need
from vj.diffusion.devices import best_device_name
from vj.diffusion.memory_need import memory_need
from vj.diffusion.model_names import is_painter
from vj.diffusion.model_spec import ModelSpec
from vj.parameters.table import TABLE
from vj.show.schema import Show

SPARE = 0.5
"""The share of what may be taken that a model gets, at most, which nobody has asked for by name."""
LOW = 0.5
"""Less than this share of what is left for everything else, and models that rest give way."""


def room_of(device: str) -> MemoryRoom | None:
    """The memory of a card, or of this machine; None where it cannot be found out."""
    if not device.startswith("cuda"):
        return memory_room()
    import torch

    try:
        free, total = torch.cuda.mem_get_info(torch.device(device))
        kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    except RuntimeError:  # a card that has gone
        return None
    return MemoryRoom(free + kept, total)


def too_large(show: Show, size: Size) -> str:
    """Why a show's model cannot play on this machine's card at a size; empty where it can, or
    where that is not known."""
    device = _device_for(show)
    if not device.startswith("cuda"):
        return ""
    need, room = (
        _with_frames(memory_need(model_spec(show), size, device), show, size),
        room_of(device),
    )
    if need is None or room is None or need <= room.total:
        return ""
    return (
        f"{show.model.name} takes about {in_words(need)} at {size}, and the card has "
        f"{in_words(room.total)} in all; a smaller size: or model takes less"
    )


class NoRoom(Fault):
    """A model does not fit beside what plays."""


class ModelMemory:
    """Of one live show. Not for the render thread."""

    def __init__(
        self,
        bank: ModelBank,
        log: Callable[[str], None],
        close: Callable[[LoadedModel], None],
        room: Callable[[str], MemoryRoom | None] = room_of,
        need: Callable[[ModelSpec, Size, str], int | None] = memory_need,
    ) -> None:
        """close: ends a model that has left the bank. room: of a device, by name. need: see
        `memory_need`."""
        self._bank, self._log, self._close = bank, log, close
        self._room, self._need = room, need

    def make_room(self, show: Show, name: str, size: Size, asked: str) -> int | None:
        """Before a show's model is loaded: say what it takes, and have models that rest give way.
        Returns the bytes, None where they are not known.

        name: of the model. size: that it will paint at. asked: "prepare", and NoRoom is raised for
        one that does not fit beside what plays; "spare", and it is raised, too, where another one
        would have to give way, or much of what is left would be taken; "play", and it is loaded
        whatever there is.
        """
        device = _device_for(show)
        need, room = self.need(show, size), self._room(device)
        if need is None or room is None:
            if asked == "prepare":
                self._log(f"preparing {name}: how much memory it takes is not known")
            if asked == "spare":
                raise NoRoom(f"{name}: it is not known how much memory it takes")
            return need
        takes, where = f"about {in_words(need)}", " of the card" if device != "cpu" else ""
        if asked == "spare" and need > SPARE * room.usable:
            raise NoRoom(f"{name} takes {takes}, which is much of what is free{where}")
        if asked == "play":
            self.tell(show, name, size)
        else:
            self._log(f"preparing {name}: {takes} of {in_words(room.usable)}{where} that are free")
        rest = sum(model.need or 0 for model in self._bank.resting)
        if need > room.usable + rest and asked != "play":
            raise NoRoom(
                f"{name} takes {takes}, and of {in_words(room.total)}{where} "
                f"{in_words(room.usable + rest)} may be taken beside what plays; /vj/model loads "
                "it in spite of that"
            )
        while need > room.usable and (oldest := self._bank.too_many(False)) is not None:
            self._let_go(oldest, f"to make room for {name}")
            room = self._room(device) or room
        if need > room.usable:
            self._log(f"{name} takes {takes}, and {in_words(room.usable)}{where} are free")
        return need

    def tell(self, show: Show, name: str, size: Size) -> None:
        """Before a model is loaded on a card: say what it takes, and what there is."""
        device = _device_for(show)
        if device == "cpu":
            return
        need, room = self.need(show, size), self._room(device)
        if need is None or room is None:
            return
        short = "; it may not fit: a smaller size: takes less" if need > room.usable else ""
        self._log(
            f"{name} takes about {in_words(need)} at {size} (weights, frames and CUDA graphs), and "
            f"{in_words(room.usable)} of the card are free{short}"
        )

    def need(self, show: Show, size: Size) -> int | None:
        """Bytes that a show's model takes at a size."""
        return _with_frames(self._need(model_spec(show), size, _device_for(show)), show, size)

    def tidy(self) -> None:
        """Have models that rest give way where there are many, or memory has become short. To be
        called now and then."""
        while (oldest := self._bank.too_many()) is not None:
            self._let_go(oldest, "since so many are kept")
        oldest = self._bank.too_many(False)
        if oldest is None:
            return
        for device in {"cpu", _device_of(oldest)}:
            room = self._room(device)
            if room is not None and room.is_short(LOW):
                self._let_go(oldest, f"since memory is short ({in_words(room.free)} are free)")
                return

    def let_all_go(self, why: str) -> None:
        """None rests any more."""
        while (oldest := self._bank.too_many(False)) is not None:
            self._let_go(oldest, why)

    def _let_go(self, model: LoadedModel, why: str) -> None:
        names = self._bank.names(model)
        if not self._bank.remove(model):
            return
        self._log(f"model {names[0] if names else model.show.model.name} is let go {why}")
        self._close(model)
        give_back()


def _device_for(show: Show) -> str:
    """Where a show's model computes; PyTorch is not imported for one that needs none."""
    name = show.model.name
    if name in ("none", "drawn") or is_painter(name):
        return "cpu"
    return best_device_name(show.model.device)


def _with_frames(need: int | None, show: Show, size: Size) -> int | None:
    """With the earlier frames that a show's model looks at, as the show starts."""
    if need is None or not show.start.get("memory/amount"):
        return need
    frames, steps = (
        int(show.start.get(name, TABLE.find(name).start)) for name in ("memory/frames", "steps")
    )
    return need + attention_need(model_spec(show), size, frames, steps, _device_for(show))


def _device_of(model: LoadedModel) -> str:
    """`cpu`, or the card that it computes on."""
    device = getattr(getattr(model.backend, "model", None), "device", "cpu")
    return str(device)
