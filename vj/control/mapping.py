"""From what a control sends to what a parameter becomes: range, curve, smoothing, soft takeover,
quantising."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import Any, Protocol

from vj.parameters.curves import curve
from vj.parameters.store import Store
from vj.parameters.table import Parameter, Value
from vj.show.mapping_section import MappingRule

BEATS = {"beat": 1.0, "bar": 4.0, "2 bars": 8.0, "4 bars": 16.0}
PRESS = object()
"""The value of a message without arguments: it presses a button, and is ignored by a fader."""
TOO_LARGE = 1e300
"""No control sends a value as large; larger ones, infinity among them, are ignored."""
TAKEOVER_RANGE = 0.02
"""Soft takeover: a control picks up its parameter within this share of the range."""
SETTLED = 1e-4
FADERS = ("cc", "cc14", "nrpn", "axis", "byte")
"""Kinds of controls that have a position to pick up."""
PEDALS = range(64, 70)
"""MIDI controllers that are pressed and released, such as the sustain pedal."""
RELATIVE = {
    "twos": lambda raw: raw if raw < 64 else raw - 128,
    "offset": lambda raw: raw - 64,
    "sign": lambda raw: raw if raw < 64 else 64 - raw,
}
"""The three codings of endless encoders: 1 and 127, 65 and 63, 1 and 65."""


class BeatQueue(Protocol):
    """Queues quantised changes until their beat."""

    def quantise(self, mapping: ControlMapping, value: object) -> None: ...


def selected_argument(rule: MappingRule, arguments: tuple[Any, ...]) -> object:
    """The argument of an OSC message that a mapping uses: by index, `last`, `count`, `json 0 1`, a
    path into JSON text, or `share 1`, the share of entry 1 in the sum of weights of the JSON text
    [[what, weight], ...].

    PRESS for a message without arguments. None when the message has no such argument.
    """
    take = rule.take
    try:
        if take == "count":
            return len(arguments) or None
        if take == "last":
            return arguments[-1]
        if isinstance(take, str) and take.startswith("share"):
            weights = [max(0.0, float(weight)) for _, weight in json.loads(arguments[0])]
            place = int(take.split()[1])
            return weights[place] / sum(weights) if place < len(weights) else 0.0
        if isinstance(take, str) and take.startswith("json"):
            found = json.loads(arguments[0])
            for key in take.split()[1:]:
                found = found[int(key)]
            return found
        return arguments[int(take)] if arguments else (PRESS if take == 0 else None)
    except (IndexError, ValueError, TypeError, KeyError, RecursionError, ArithmeticError):
        return None


@dataclass
class ControlMapping:
    """A mapping and its state. Belongs to the render thread."""

    rule: MappingRule
    row: Parameter
    span: tuple[float, float]
    last_set: Value | None = None
    """The value that it set last; while the parameter has this value, the mapping holds it."""
    due: float | None = None
    """When its quantised change is due, in seconds on the show's clock."""
    raw: float | None = None
    """The number that came in last."""
    clamp_remark: str = ""
    """A message about the last value, if it was clamped and the one before was not."""
    _was_clamped: bool = False
    _last_raw: dict[str, float] = field(default_factory=dict)
    """The last raw value of each device's control."""
    _target: float = 0.0
    _smoothing: bool = False
    _pressed: dict[str, bool] = field(default_factory=dict)
    """Whether each device's control is pressed."""
    _last_device: str = ""
    """The device that moved it last."""
    _smoothed: float | None = None
    _place: int | None = None
    """The number that a fader has chosen by last, of sources, models or cues."""

    def __post_init__(self) -> None:
        count = len(self.row.choices) - 1
        whole = (0.0, float(count)) if self.row.kind == "choice" else (self.row.low, self.row.high)
        self.low, self.high = self.rule.range or whole
        self._shape = curve(self.rule.curve)
        midi, control = self.rule.midi, self.rule.device_control
        soft = control is not None and control.kind in FADERS and self.row.kind in ("float", "int")
        full = self.span == (-1.0, 1.0)
        self._edge = 0.5 if control is not None and control.kind == "axis" and full else None
        if (midi is not None and midi.number in PEDALS) or self.row.name.startswith("macro/"):
            soft = False  # pressed and released: they have no position to pick up
        self._soft_takeover = (
            soft if self.rule.takeover is None else self.rule.takeover
        ) and self.rule.relative is None
        self._smooth = self.rule.smooth.seconds

    @property
    def continuous(self) -> bool:
        """A continuous control: only the last of several values in one frame counts."""
        return (
            self.rule.as_ in ("value", "raw")
            and self.rule.value is None
            and self.rule.relative is None
            and self.row.kind in ("float", "int")
        )

    @property
    def is_held(self) -> bool:
        """A key plays it as long as it is down, not by each press."""
        held = self.rule.as_ in ("value", "momentary") and self.rule.value is None
        return held and self.row.kind in ("float", "int", "switch")

    @property
    def is_down(self) -> bool:
        """It is a button or pedal that plays as long as it is down, and is."""
        control = self.rule.device_control
        pedal = control is not None and control.kind == "cc" and control.number in PEDALS
        pedal = pedal or (control is not None and control.kind in ("button", "bit"))
        if self.raw is None or not (self.rule.as_ == "momentary" or pedal):
            return False
        return self._is_pressed(self.raw)

    def _is_pressed(self, raw: float) -> bool:
        """It is nearer to its high end than to its low one; a stick, half of its way to the right
        or down."""
        low, high = self.span
        return raw >= (low + (high - low) / 2 if self._edge is None else self._edge)

    def shaped(self, raw: float) -> float:
        """A raw value of the control as a value of the parameter."""
        low, high = self.span
        u = min(1.0, max(0.0, (raw - low) / (high - low)))
        return self.low + self._shape(1 - u if self.rule.invert else u) * (self.high - self.low)

    def raw_of(self, value: float) -> float:
        """The inverse of `shaped`, for LEDs and motor faders: by bisection, since curves are
        monotonic."""
        share = (
            0.0
            if self.high == self.low
            else min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))
        )
        below, above = 0.0, 1.0
        for _ in range(16):
            middle = (below + above) / 2
            below, above = (middle, above) if self._shape(middle) < share else (below, middle)
        u = 1 - above if self.rule.invert else above
        return self.span[0] + u * (self.span[1] - self.span[0])

    def on_value(self, raw: object, store: Store, queue: BeatQueue, device: str = "") -> None:
        """The control has sent a value. device: its device's name, since several may be
        connected. raw: None when it has gone: what it holds goes back to the show's start."""
        if raw is None:
            if self.last_set is not None and self.row.kind != "trigger":
                self.apply(store.start_of(self.row.name), store)
            return
        if raw is PRESS:
            if self.continuous:
                return
            raw = True
        if isinstance(raw, int | float) and abs(raw) < TOO_LARGE:
            self.raw = float(raw)
        value = self._interpret(raw, store, device)
        if value is None:
            return
        self._last_device = device
        if self.rule.quantise:
            queue.quantise(self, value)
        else:
            self.apply(value, store)

    def apply(self, value: object, store: Store) -> None:
        """Set the parameter, or start smoothing towards the value."""
        if self._smooth > 0 and isinstance(value, float) and self.row.kind in ("float", "int"):
            if not self._smoothing or self.last_set is None:
                self.last_set = store.base()[self.row.name]
                self._smoothed = float(self.last_set)
            self._target, self._smoothing = value, True
            return
        remark = store.set(self.row.name, value, self)
        self.clamp_remark, self._was_clamped = "" if self._was_clamped else remark, bool(remark)
        self.last_set = store.get(self.row.name)

    def step(self, seconds: float, store: Store) -> None:
        """Smooth by one frame: 95 % of the distance in the mapping's smoothing time."""
        if not self._smoothing or self._smoothed is None:
            return
        self._smoothed += (self._target - self._smoothed) * (
            1 - math.exp(-3 * max(0.0, seconds) / self._smooth)
        )
        if abs(self._target - self._smoothed) <= SETTLED * (self.high - self.low):
            self._smoothed, self._smoothing = self._target, False
        store.place(self.row.name, self._smoothed)
        self.last_set = store.get(self.row.name)

    def release(self) -> None:
        """Another control has set the parameter: hold and smooth it no longer."""
        self._smoothing = False
        self.last_set = None

    def take_over(self, old: ControlMapping) -> None:
        """Take over the state of another mapping of the same control and parameter: the value it
        holds, its smoothing target, whether it is pressed, its last position (for soft takeover),
        and when its quantised change is due."""
        self.raw = old.raw
        if self.row.kind != old.row.kind:
            return
        self.last_set, self._last_raw, self._pressed, self._last_device = (
            old.last_set,
            old._last_raw,
            old._pressed,
            old._last_device,
        )
        if self.rule.quantise == old.rule.quantise:
            self.due = old.due
        if self._smooth > 0 and old._smoothing:
            self._target, self._smoothed, self._smoothing = (
                min(self.high, max(self.low, old._target)),
                old._smoothed,
                True,
            )

    def _interpret(self, raw: object, store: Store, device: str = "") -> object:
        """The parameter's value for a raw value; None for no change."""
        rule, kind = self.rule, self.row.kind
        if isinstance(raw, bool):
            self._pressed[device], raw = (
                False,
                self.span[1] if raw else self.span[0],
            )  # each True is a press, without a release between
        if isinstance(raw, str):
            return (
                (rule.value if rule.value is not None else raw)
                if kind in ("text", "choice", "switch", "trigger")
                else _number(raw)
            )
        if not isinstance(raw, int | float) or not abs(raw) < TOO_LARGE:
            return None
        if rule.relative is not None:
            return self._relative_value(RELATIVE[rule.relative](raw), store)
        if rule.as_ == "raw":
            return raw
        low = self.span[0]
        note = rule.midi is not None and rule.midi.kind == "note"  # velocity 1 is pressed
        down = raw > low if note or rule.as_ == "velocity" else self._is_pressed(raw)
        pressed, self._pressed[device] = down and not self._pressed.get(device, False), down
        if rule.value is not None:
            return rule.value if pressed else None
        if rule.as_ == "trigger" or kind == "trigger":
            return (self.high if kind in ("float", "int") else True) if pressed else None
        if rule.as_ == "velocity":
            return self.shaped(float(raw)) if down else None
        if rule.as_ == "toggle":
            return self._toggle_value(store) if pressed else None
        if rule.as_ == "momentary":
            return (self.high if down else self.low) if kind in ("float", "int") else down
        if kind == "switch":
            return self._switch_value(float(raw), store)
        if kind == "choice":
            return round(self.shaped(float(raw)))
        if kind == "text":
            return str(int(raw)) if rule.range is None else self._chosen(float(raw))
        return self._picked_up(float(raw), store, device)

    def _chosen(self, raw: float) -> str | None:
        """A fader's place among names, once: the same name again would begin its clip again."""
        place = round(self.shaped(raw))
        if place == self._place:
            return None
        self._place = place
        return str(place)

    def _relative_value(self, ticks: float, store: Store) -> float:
        here = self._target if self._smoothing else float(store.get(self.row.name))
        step = (
            (self.rule.step or 1 / 127) * (self.high - self.low) * (-1 if self.rule.invert else 1)
        )
        return min(self.high, max(self.low, here + ticks * step))

    def _toggle_value(self, store: Store) -> object:
        now = store.get(self.row.name)
        if self.row.kind == "switch":
            return not now
        return self.low if float(now) >= self.high - SETTLED * (self.high - self.low) else self.high

    def _switch_value(self, raw: float, store: Store) -> object:
        low, high = self.span
        u = (raw - low) / (high - low)
        u = 1 - u if self.rule.invert else u
        now = bool(store.get(self.row.name))
        edge = 0.5 + (-0.5 if now else 0.5) * self.rule.hysteresis
        wanted = u >= edge
        return wanted if wanted != now or self.last_set is None else None

    def _picked_up(self, raw: float, store: Store, device: str) -> float | None:
        """Soft takeover: the value, once the control has picked up the parameter; None before."""
        control = self.rule.device_control
        springs = control is not None and control.kind == "axis"  # back to its middle
        rest = 0.0 if springs else None
        last = self._last_raw.get(device, rest)
        value, before = self.shaped(raw), None if last is None else self.shaped(last)
        self._last_raw[device] = raw
        if not self._soft_takeover:
            return value
        now = float(store.get(self.row.name))
        if (
            self.last_set is not None
            and self._last_device == device
            and abs(now - float(self.last_set)) <= SETTLED * (self.high - self.low)
        ):
            return value
        here = min(self.high, max(self.low, now))
        if abs(value - here) <= TAKEOVER_RANGE * (self.high - self.low) or (
            before is not None and (before - here) * (value - here) <= 0
        ):
            return value
        return None


def _number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) else None
