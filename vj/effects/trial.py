"""An effect that is tried before it plays."""

from __future__ import annotations

from vj.core.errors import Fault
from vj.effects.header import EffectHeader
from vj.effects.loaded import LoadedEffect, try_out
from vj.effects.stuck import EffectStuck, ended_in_time


def tried_effect(name: str, header: EffectHeader, device: str) -> LoadedEffect:
    """An effect, run and tried with a small picture, as though it had never been tried. device:
    where tensors are. Raises Fault that names file and line."""

    def tried() -> LoadedEffect:
        try_out(LoadedEffect(name, header, device), header.parameters)
        return LoadedEffect(name, header, device)

    try:
        return ended_in_time(tried, file=header.file)
    except EffectStuck as stuck:
        raise Fault(str(stuck)) from None
