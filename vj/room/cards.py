"""Which graphics card a piece paints on: CUDA_VISIBLE_DEVICES of its process."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from vj.core.errors import Fault, nearest
from vj.graphics_card import nvidia_smi

PATIENCE = 20.0
VISIBLE = "CUDA_VISIBLE_DEVICES"


@dataclass(frozen=True, slots=True)
class GraphicsCard:
    """A graphics card. number: as nvidia-smi counts. total, free: MiB of its memory."""

    number: int
    uuid: str
    name: str
    total: int
    free: int

    def __str__(self) -> str:
        return f"{self.number} {self.name} ({self.free / 1024:.0f} of {self.total / 1024:.0f} GB)"


def list_cards() -> list[GraphicsCard]:
    """NVIDIA's cards of this machine; none where there is no driver."""
    tool, said = nvidia_smi(), ""
    if tool:
        asked = "--query-gpu=index,uuid,name,memory.total,memory.free"
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            said = subprocess.run(
                [tool, asked, "--format=csv,noheader,nounits"],
                capture_output=True,
                text=True,
                errors="replace",
                timeout=PATIENCE,
            ).stdout
    return read_cards(said)


def read_cards(said: str) -> list[GraphicsCard]:
    """The cards of nvidia-smi's lines; what is no card is left out."""
    found = []
    for line in said.splitlines():
        fields = [field.strip() for field in line.split(",")]
        if len(fields) == 5 and fields[0].isdecimal():
            total, free = (int(text) if text.isdecimal() else 0 for text in fields[3:])
            found.append(GraphicsCard(int(fields[0]), fields[1], fields[2], total, free))
    return found


def card_named(wanted: int | str, cards: Sequence[GraphicsCard]) -> GraphicsCard:
    """The card of this number, or the one whose name holds this text. Raises Fault."""
    if not cards:
        raise Fault(f"card {wanted}: no NVIDIA card is found on this machine; leave card: out")
    known = ", ".join(map(str, cards))
    words = str(wanted).strip().casefold()
    for card in cards:
        if words in (str(card.number), card.uuid.casefold()):
            return card
    fitting = [card for card in cards if words in card.name.casefold()] if words else []
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise Fault(f"card {wanted}: several are called so; write the number of one ({known})")
    near = nearest(str(wanted), [card.name for card in cards])
    raise Fault(f"card {wanted}: no such card{near} (there are {known})")


def environment_of(card: GraphicsCard | None) -> dict[str, str]:
    """What has a process see this card alone; nothing without one."""
    if card is None:
        return {}
    return {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", VISIBLE: card.uuid}
