"""What is mapped to what, as the page lists it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from vj.control.learning import control_of
from vj.control.mapping import ControlMapping
from vj.show.device_controls import named
from vj.show.mapping_keys import mapping_key


def mapping_list(mappings: Iterable[ControlMapping]) -> list[dict[str, Any]]:
    """Each mapping once:

    key: names it in the show file (`vj.show.mapping_keys`); control: `cc 1 ch 2`, `/1/fader1`,
    `/xy value 1`, `key c`, `pad axis 0` or `hid bit 9`; device: part of a MIDI
    or HID device's name, or ""; to: the parameter; range: [its value at the control's low end, at
    its high end], so that an inverted one runs backwards, None for what is no number; curve; raw:
    the number that came in last, None before one came.
    """
    found: dict[str, dict[str, Any]] = {}
    for mapping in list(mappings):
        rule, numbers = mapping.rule, mapping.row.kind in ("float", "int", "choice")
        ends = [mapping.low, mapping.high]
        key = mapping_key(rule)
        if key in found and mapping.raw is None:
            continue
        found[key] = {
            "key": key,
            "control": control_of({"osc": rule.osc, "take": rule.take})
            if rule.osc is not None
            else named(rule.device_control)
            if rule.device_control is not None
            else control_of({"key": rule.key}),
            "device": rule.device,
            "to": mapping.row.name,
            "range": (ends[::-1] if rule.invert else ends) if numbers else None,
            "curve": rule.curve,
            "raw": mapping.raw,
        }
    return list(found.values())
