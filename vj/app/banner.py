"""What is printed once a show runs: where to look, what to send, how to stop."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence

from vj.app.console import shorten
from vj.control.dmx import artnet, streaming_acn
from vj.control.osc.server import OscServer
from vj.diffusion.model_names import translator_folder
from vj.show.schema import Show
from vj.sinks.rule import parse

TO_PLAY = {
    "styles": ("/vj/prompt", "s", '"starry night, ink"'),
    "picture": ("/vj/image/mix", "f", "0.5"),
}
"""What else than words of the built-in model is sent to the models of these names: address, type
and value."""
TO_A_TRANSLATOR = ("/vj/seed", "i", "7")
"""It follows no prompt."""


def banner(
    show: Show,
    source: str,
    page: str | None,
    osc: OscServer,
    cue_keys: Mapping[str, str],
    reach: Sequence[str] = (),
) -> list[str]:
    """Lines for a person who has started it for the first time. source: what plays. page: its
    address. cue_keys: which key fires which cue. reach: how others get to the page, see
    `vj.web.reach`."""
    host, port = osc.address
    here = "localhost" if host in ("127.0.0.1", "0.0.0.0", "::") else host
    lines = ["", f"  in     {source}"]
    if page is not None:
        lines.append(f"  look   {page}  (play it there: pictures, faders, cues; OSCQuery too)")
        lines += [f"         {line}" for line in reach]
    for uri in show.sinks:
        rule = parse(uri)
        kind, _, name = rule.to.partition(":")
        words = f": {rule.words}" if rule.words else ""
        if kind == "ndi":
            full = f"{socket.gethostname().upper()} ({name or 'vj'})"
            lines.append(
                f"  out    NDI source “{full}”{words} (TouchDesigner: NDI In TOP; "
                "Resolume: Sources; OBS: NDI Source)"
            )
        elif kind != "preview":
            lines.append(f"  out    {rule.to}{words}")
    example = ("/vj/prompt", "s", '"deep ocean, brush strokes"')
    if translator_folder(show.model.name) is not None:
        example = TO_A_TRANSLATOR
    address, kind, value = TO_PLAY.get(show.model.name, example)
    first = value.replace('"', "'") if kind == "s" else value
    lines += [
        f"  play   oscsend {here} {port} {address} {kind} {value}",
        f"         oscsend {here} {port} /vj/strength f 0.8",
        f"         TouchDesigner: OSC Out DAT to {here}:{port}, "
        f"op('oscout1').sendOSC('{address}', [{first}])",
    ]
    lines += [f"         {line}" for line in osc.describe()]
    lines.append(
        "         every address: docs/parameters.md; controllers, pedals, cues: docs/control.md"
    )
    lines += _desk_and_lamps(show)
    if show.cues:
        fires = ", ".join(f"{key} {shorten(name, 24)}" for key, name in cue_keys.items())
        lines.append(f"  keys   {fires}")
        lines.append(
            "         space or → the next cue, ← the one before, t taps the tempo, p writes the "
            "picture; over OSC /vj/cue/fire counts from 0"
        )
    lines += ["  stop   Ctrl-C", ""]
    return lines


def _desk_and_lamps(show: Show) -> list[str]:
    """How a lighting desk reaches the show, and where its lamps are."""
    lines = []
    mapped = {rule.dmx.channel or show.dmx.universe for rule in show.mappings if rule.dmx}
    if mapped:
        first = min(mapped)
        port = first - 1
        ways = [f"sACN {first}, port {streaming_acn.PORT}"] if show.dmx.sacn else []
        if show.dmx.artnet and first <= artnet.UNIVERSES:
            address = f"{port >> 8}:{port >> 4 & 15}:{port & 15}"
            ways.insert(0, f"Art-Net {address}, port {artnet.PORT}")
        universes = ", ".join(map(str, sorted(mapped)))
        lines.append(
            f"  desk   plays universe {universes} ({first} is {'; '.join(ways) or 'not received'})"
        )
    if show.lights:
        places = dict.fromkeys(str(light.to) for light in show.lights)
        lines.append(f"  lamps  follow the picture: {', '.join(places)}")
    return lines
