"""The parameters as an OSCQuery tree (Vidvox OSCQuery proposal), made from the table and the
store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from vj.parameters.store import Store
from vj.parameters.table import Parameter, Value

PREFIX = "/vj/"
ATTRIBUTES = (
    "FULL_PATH",
    "CONTENTS",
    "TYPE",
    "ACCESS",
    "VALUE",
    "RANGE",
    "DESCRIPTION",
    "UNIT",
    "DEFAULT_VALUE",
    "CLIPMODE",
    "EXTENDED_TYPE",
    "TAGS",
    "CRITICAL",
    "OVERLOADS",
)
EXTENSIONS = {
    "ACCESS": True,
    "VALUE": True,
    "RANGE": True,
    "DESCRIPTION": True,
    "UNIT": True,
    "CLIPMODE": True,
    "TAGS": False,
    "EXTENDED_TYPE": False,
    "CRITICAL": False,
    "OVERLOADS": False,
    "HTML": False,
    "LISTEN": True,
    "IGNORE": True,
    "PATH_CHANGED": True,
    "PATH_ADDED": False,
    "PATH_REMOVED": False,
    "PATH_RENAMED": False,
}
CONTAINER, WRITE_ONLY, BOTH = 0, 2, 3

Json = dict[str, Any]


class UnknownAddress(LookupError):
    """404."""


class UnknownAttribute(LookupError):
    """400."""


class NoContent(LookupError):
    """204: the node has the attribute, and it is empty."""


def _leaf(row: Parameter, value: Value, start: Value) -> Json:
    node: Json = {"FULL_PATH": row.address, "DESCRIPTION": row.help, "ACCESS": BOTH}
    if row.kind in ("float", "int"):
        number = float(value) if row.kind == "float" else int(value)
        node |= {
            "TYPE": "f" if row.kind == "float" else "i",
            "VALUE": [number],
            "CLIPMODE": ["both"],
        }
        node["RANGE"] = [{"MIN": row.low, "MAX": row.high}]
        if row.unit:
            node["UNIT"] = [row.unit]
    elif row.kind == "switch":
        node |= {
            "TYPE": "T" if value else "F",
            "VALUE": [bool(value)],
            "RANGE": [{"VALS": [True, False]}],
        }
    elif row.kind == "choice":
        node |= {"TYPE": "s", "VALUE": [value], "RANGE": [{"VALS": list(row.choices)}]}
    elif row.kind == "text":
        node |= {"TYPE": "s", "VALUE": [value]}
        if row.choices:
            node["RANGE"] = [{"VALS": list(row.choices)}]
    else:
        node |= {"TYPE": "N", "ACCESS": WRITE_ONLY}
    if row.kind != "trigger":
        node["DEFAULT_VALUE"] = [start]
    return node


def tree(store: Store, choices: Callable[[str], list[str]] = lambda name: []) -> Json:
    """The whole tree. choices: the possible values of a text parameter, such as the names of the
    cues."""
    root: Json = {"FULL_PATH": "/", "ACCESS": CONTAINER, "DESCRIPTION": "vj", "CONTENTS": {}}
    base = store.base()
    for row in store.table.rows.values():
        here = root
        parts = row.address.strip("/").split("/")
        for depth, part in enumerate(parts[:-1], 1):
            path = "/" + "/".join(parts[:depth])
            contents = here.setdefault("CONTENTS", {})
            # an address may be a value and a folder at once (nothing forbids it); then it keeps its
            # value
            here = contents.setdefault(
                part, {"FULL_PATH": path, "ACCESS": CONTAINER, "CONTENTS": {}}
            )
        leaf = _leaf(row, base.get(row.name, row.start), store.start_of(row.name))
        names = choices(row.name)
        if names:
            leaf["RANGE"] = [{"VALS": names}]
        beside = here.setdefault("CONTENTS", {})
        below = beside.get(parts[-1], {}).get("CONTENTS")
        beside[parts[-1]] = leaf if below is None else leaf | {"CONTENTS": below}
    return root


def node_at(whole: Json, path: str) -> Json:
    """The node at an address. Raises UnknownAddress."""
    node = whole
    for part in path.strip("/").split("/") if path.strip("/") else ():
        try:
            node = node["CONTENTS"][part]
        except KeyError:
            raise UnknownAddress(path) from None
    return node


def attribute(node: Mapping[str, Any], name: str) -> Json:
    """One attribute of a node. Raises UnknownAttribute, NoContent."""
    if name not in ATTRIBUTES:
        raise UnknownAttribute(name)
    if name not in node:
        raise NoContent(name)
    return {name: node[name]}


def host_info(name: str, osc: tuple[str, int], web: tuple[str, int]) -> Json:
    """The reply to HOST_INFO. osc, web: addresses at which the client can reach them."""
    return {
        "NAME": name,
        "OSC_IP": osc[0],
        "OSC_PORT": osc[1],
        "OSC_TRANSPORT": "UDP",
        "WS_IP": web[0],
        "WS_PORT": web[1],
        "EXTENSIONS": EXTENSIONS,
    }
