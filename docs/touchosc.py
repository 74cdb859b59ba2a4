"""Draw the TouchOSC layout mappings/surfaces/touchosc.tosc from the parameter table: `python
docs/touchosc.py`.

A .tosc file is zlib-compressed XML. Every fader sends its parameter's own address in its own range,
and listens to it.
"""

from __future__ import annotations

import uuid
import zlib
from pathlib import Path
from xml.sax.saxutils import escape

from vj.parameters.table import TABLE, Parameter

OUT = Path(__file__).parents[1] / "mappings" / "surfaces" / "touchosc.tosc"
WIDTH, HEIGHT = 1024, 768
FADERS = (
    "strength",
    "prompt/mix",
    "feedback/amount",
    "feedback/zoom",
    "feedback/rotate",
    "blend/smoothing",
    "noise/hold",
    "seed/mix",
    "picture/saturation",
    "picture/hue",
    "output/blackout",
    "mix/wet",
)
BUTTONS = ("cue/back", "cue/go", "output/freeze", "tempo/tap", "record", "panic")
TINTS = ((0.93, 0.55, 0.2), (0.25, 0.6, 0.9), (0.45, 0.75, 0.4), (0.75, 0.45, 0.85))


def prop(kind: str, key: str, value: str) -> str:
    return f'<property type="{kind}"><key><![CDATA[{key}]]></key><value>{value}</value></property>'


def frame(x: int, y: int, w: int, h: int) -> str:
    return prop("r", "frame", f"<x>{x}</x><y>{y}</y><w>{w}</w><h>{h}</h>")


def colour(rgb: tuple[float, float, float]) -> str:
    return prop("c", "color", f"<r>{rgb[0]}</r><g>{rgb[1]}</g><b>{rgb[2]}</b><a>1</a>")


def argument(value: str, low: float, high: float) -> str:
    return (
        f"<partial><type>VALUE</type><conversion>FLOAT</conversion><value><![CDATA[{value}]]></value>"
        f"<scaleMin>{low:g}</scaleMin><scaleMax>{high:g}</scaleMax></partial>"
    )


def osc(address: str, triggers: str, arguments: str) -> str:
    fired = "".join(
        f"<trigger><var><![CDATA[{v}]]></var><condition>ANY</condition></trigger>" for v in triggers
    )
    return (
        "<messages><osc><enabled>1</enabled><send>1</send><receive>1</receive><feedback>0</feedback><connections>0000000001</connections>"
        f"<triggers>{fired}</triggers><path><partial><type>CONSTANT</type><conversion>STRING</conversion>"
        f"<value><![CDATA[{address}]]></value><scaleMin>0</scaleMin><scaleMax>1</scaleMax></partial></path>"
        f"<arguments>{arguments}</arguments></osc></messages>"
    )


def value(key: str, default: str) -> str:
    return (
        f"<value><key><![CDATA[{key}]]></key><locked>0</locked><lockedDefaultCurrent>0</lockedDefaultCurrent>"
        f"<default><![CDATA[{default}]]></default><defaultPull>0</defaultPull></value>"
    )


def node(
    kind: str, name: str, properties: str, values: str = "", messages: str = "", children: str = ""
) -> str:
    identity = uuid.uuid5(uuid.NAMESPACE_URL, f"vj/{kind}/{name}")
    return (
        f'<node ID="{identity}" '
        f'type="{kind}"><properties>{prop("s", "name", escape(name))}{properties}</properties>'
        f"<values>{values}</values>{messages}<children>{children}</children></node>"
    )


def label(text: str, x: int, y: int, w: int) -> str:
    properties = (
        frame(x, y, w, 28)
        + prop("i", "textSize", "14")
        + prop("b", "background", "0")
        + colour((0.8, 0.8, 0.8))
    )
    return node("LABEL", f"label {text}", properties, value("text", text))


def fader(row: Parameter, x: int, y: int, w: int, h: int, tint: int) -> str:
    rest = (float(row.start) - row.low) / (row.high - row.low)
    return node(
        "FADER",
        row.name,
        frame(x, y, w, h) + colour(TINTS[tint % len(TINTS)]),
        value("x", f"{rest:.4f}") + value("touch", "false"),
        osc(row.address, "x", argument("x", row.low, row.high)),
    )


def layout() -> str:
    """The whole layout as XML."""
    children = []
    step = WIDTH // len(FADERS)
    for index, name in enumerate(FADERS):
        children.append(fader(TABLE.rows[name], index * step + 8, 16, step - 16, 420, index // 3))
        children.append(label(name, index * step, 440, step))
    for index, name in enumerate(BUTTONS):
        row = TABLE.rows[name]
        x = 16 + index * 116
        properties = (
            frame(x, 500, 104, 104)
            + colour(TINTS[index % len(TINTS)])
            + prop("i", "buttonType", "1" if row.kind == "switch" else "0")
        )
        children.append(
            node(
                "BUTTON",
                name,
                properties,
                value("x", "0"),
                osc(row.address, "x", argument("x", 0, 1)),
            )
        )
        children.append(label(name, x, 608, 104))
    pad = frame(728, 488, 280, 264) + colour((0.9, 0.3, 0.35))
    both = argument("x", 0, 1) + argument("y", 0, 1)
    children.append(
        node(
            "XY",
            "feedback drift",
            pad,
            value("x", "0.5") + value("y", "0.5"),
            osc("/xy", "xy", both),
        )
    )
    root = node(
        "GROUP",
        "vj",
        frame(0, 0, WIDTH, HEIGHT) + colour((0.06, 0.06, 0.07)),
        children="".join(children),
    )
    return f'<?xml version="1.0" encoding="UTF-8"?><lexml version="3">{root}</lexml>'


if __name__ == "__main__":
    OUT.write_bytes(zlib.compress(layout().encode("utf-8"), 9))
    print(f"{OUT.name}: {OUT.stat().st_size} bytes")
