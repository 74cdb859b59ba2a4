"""Controls of gamepads and of HID pedals as a show file names them: `axis 0`, `button 3`; `byte 2`,
`bit 9`."""

from __future__ import annotations

import re

from vj.core.errors import Fault, nearest
from vj.show.midi_controls import Control

HIGHEST = {"axis": 31, "button": 63, "byte": 63, "bit": 511}
"""The largest number of each kind."""
PAD_KINDS, HID_KINDS = ("axis", "button"), ("byte", "bit")
KINDS = {"pad": PAD_KINDS, "hid": HID_KINDS, "dmx": ("dmx",)}
"""What a mapping names: a gamepad's sticks and buttons; the bytes of a HID device's report, counted
from 0, and its bits, of which bit 9 is the second of byte 1; a channel of a lighting desk (see
`vj.show.dmx_controls`)."""
EXAMPLES = {"pad": "axis 0 or button 3", "hid": "byte 2 or bit 9"}

_NAME = re.compile(r"([a-z]+)\s+(\d{1,4})")


def device_control(word: str, asked: object) -> Control:
    """Parse a control. word: `pad` or `hid`. Raises Fault."""
    if isinstance(asked, Control):
        return asked
    text = str(asked).strip().lower()
    found = _NAME.fullmatch(text)
    kinds = KINDS[word]
    if found is None or found[1] not in kinds:
        first = re.match("[a-z]*", text)[0]  # type: ignore[index]
        near = "" if first in kinds else nearest(first, kinds)
        raise Fault(f"{word} {asked!r:.40}: no such control{near}; {EXAMPLES[word]} would be right")
    kind, number = found[1], int(found[2])
    if number > HIGHEST[kind]:
        raise Fault(f"{word} {asked!r}: {number} is above {HIGHEST[kind]}")
    return Control(kind, number)


def word_of(control: Control) -> str:
    """The key of a mapping that names a control: `midi`, `pad`, `hid` or `dmx`."""
    return next((word for word, kinds in KINDS.items() if control.kind in kinds), "midi")


def named(control: Control) -> str:
    """A control as the page lists it: `cc 1 ch 1`, `pad axis 0`, `hid bit 9`, `dmx 1/12`."""
    word = word_of(control)
    return str(control) if word == "midi" else f"{word} {control}"
