"""`lights:` of a show file: lamps that follow the colours of the picture, by Art-Net and sACN."""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field

from vj.core.errors import Fault, nearest
from vj.show.dmx_controls import CHANNELS, DmxControl, dmx_control
from vj.show.dmx_section import DmxRule
from vj.show.durations import Duration
from vj.show.field_types import Time, read_by
from vj.show.section import KeyPath, Section

ARTNET_PORT = 6454
ARTNET_UNIVERSES = 32768
TO = "artnet:ADDRESS, sacn or sacn:ADDRESS"
ORDERS = {"rgb": 3, "rgbw": 4, "dim": 1, "drgb": 4, "drgbw": 5}
"""What `channels` may say, and how many channels of a lamp it takes."""


class Destination(NamedTuple):
    """Where levels are sent. host: IPv4; empty for sACN's multicast."""

    protocol: Literal["artnet", "sacn"]
    host: str = ""
    port: int = ARTNET_PORT

    def __str__(self) -> str:
        port = f":{self.port}" if self.protocol == "artnet" and self.port != ARTNET_PORT else ""
        return self.protocol + (f":{self.host}{port}" if self.host else "")


def _destination(value: object) -> Destination:
    if isinstance(value, Destination):
        return value
    protocol, _, place = str(value).strip().partition(":")
    host, _, port = place.partition(":")
    if protocol not in ("artnet", "sacn"):
        near = nearest(protocol, ("artnet", "sacn"))
        raise Fault(f"{value!r:.60}: no such way{near} ({TO})")
    if protocol == "artnet" and not host:
        raise Fault(
            "artnet: to which address? artnet:10.0.0.20 is one device, artnet:10.255.255.255 every "
            "one of the network 10"
        )
    try:
        address = str(ipaddress.IPv4Address(host)) if host else ""
        number = int(port or ARTNET_PORT)
        if not 0 < number < 65536 or (port and protocol == "sacn"):
            raise ValueError
    except ValueError:
        raise Fault(f"{value!r:.60}: no address to send to ({TO})") from None
    return Destination(protocol, address, number)  # type: ignore[arg-type]


def _first_channel(value: object) -> DmxControl:
    found = dmx_control(value)
    if found.fine:
        raise Fault(f"dmx {found}: lamps get 8 bits a channel; dmx: {str(found).split('+')[0]}")
    return found


class Zone(NamedTuple):
    """A part of the picture, in shares of its width and height."""

    x: float = 0.0
    y: float = 0.0
    width: float = 1.0
    height: float = 1.0


def _zone(value: object) -> Zone:
    if isinstance(value, Zone):
        return value
    numbers = value if isinstance(value, list) and len(value) == 4 else [None]
    if not all(isinstance(one, int | float) and math.isfinite(one) for one in numbers):
        raise Fault(f"{value!r:.60}: [x, y, width, height] in shares, for example [0, 0, 0.5, 1]")
    zone = Zone(*map(float, numbers))
    inside = min(zone.x, zone.y) >= 0 and zone.width > 0 and zone.height > 0
    if not inside or zone.x + zone.width > 1.001 or zone.y + zone.height > 1.001:
        raise Fault(f"{value}: beyond the picture; x + width and y + height are 1 at most")
    return zone


def _grid(value: object) -> tuple[int, int]:
    numbers = list(value) if isinstance(value, list | tuple) and len(value) == 2 else [None]
    if not all(isinstance(one, int) and 1 <= one <= CHANNELS for one in numbers):
        raise Fault(f"{value!r:.60}: [columns, rows], for example [8, 1] for a bar of 8 lamps")
    return numbers[0], numbers[1]  # type: ignore[return-value]


class LightRule(Section):
    """A lamp, or several in a grid, whose channels follow one another.

    dmx: the first channel. of: `mean` of the zone, or its `brightest` place. zone: a part of the
    picture; grid: lamps across and down it, row by row. channels: their order in each lamp; d is a
    dimmer, which is open. smooth: 95 % of a change are done within it. response: `linear` for lamps
    whose light is as their level, `srgb` for those that take levels as a screen does."""

    dmx: Annotated[DmxControl, read_by(_first_channel)]
    of: Literal["mean", "brightest"] = "mean"
    zone: Annotated[Any, read_by(_zone)] = Zone()
    grid: Annotated[tuple[int, int], read_by(_grid)] = (1, 1)
    channels: Literal["rgb", "rgbw", "dim", "drgb", "drgbw"] = "rgb"
    smooth: Time = Duration(0.3)
    response: Literal["linear", "srgb"] = "linear"
    to: Annotated[Destination, read_by(_destination)]

    @property
    def count(self) -> int:
        """Channels that it takes."""
        return self.grid[0] * self.grid[1] * ORDERS[self.channels]

    @property
    def last(self) -> int:
        """Its last channel."""
        return self.dmx.number + self.count - 1


LightRules = Annotated[list[LightRule], Field(default=[])]


def light_faults(lights: Sequence[LightRule], dmx: DmxRule) -> Iterator[tuple[KeyPath, Fault]]:
    """Lamps beyond their universe, and two on one channel."""
    for index, light in enumerate(lights):
        universe = light.dmx.channel or dmx.universe
        if light.smooth.musical:
            yield ("lights", index, "smooth"), Fault("smooth: seconds are wanted, such as 0.3 s")
        if light.last > CHANNELS:
            room = CHANNELS + 1 - light.count
            right = f"begin at {room} at most, or take a smaller grid"
            yield (
                ("lights", index),
                Fault(
                    f"{light.count} channels from {light.dmx.number} on end at {light.last}; a "
                    f"universe has {CHANNELS}: {right if room > 0 else 'take a smaller grid'}"
                ),
            )
        if light.to.protocol == "artnet" and universe > ARTNET_UNIVERSES:
            yield (
                ("lights", index, "dmx"),
                Fault(f"universe {universe}: Art-Net has {ARTNET_UNIVERSES}; to: sacn has more"),
            )
        for other in lights[:index]:
            same = (other.dmx.channel or dmx.universe, other.to) == (universe, light.to)
            if same and other.dmx.number <= light.last and light.dmx.number <= other.last:
                yield (
                    ("lights", index, "dmx"),
                    Fault(
                        f"channels {light.dmx.number} .. {light.last} of universe {universe}: "
                        f"another of lights: has {other.dmx.number} .. {other.last}; "
                        f"{other.last + 1} is free"
                    ),
                )
                break
