"""`sinks:` of a show file: URIs, or mappings that say what of the picture goes there:
`{to: ndi:key, show: mask}`. Either becomes one text, as `vj.sinks.rule` reads it."""

from __future__ import annotations

from collections.abc import Sequence
from os.path import normpath
from typing import Any

from vj import sinks
from vj.core.errors import Fault, nearest
from vj.show.section import KeyPath, PlacedFaults
from vj.sinks.rule import KEYS, parse, read

OTHER_WORDS = {"uri": "to", "sink": "to", "name": "to", "what": "show", "part": "crop"}
"""What somebody may write for a key."""


def as_sink(value: object) -> str:
    """An entry of the list -> the rule's text. Raises PlacedFaults, or ValueError."""
    if isinstance(value, dict):
        return _of_mapping(value)
    if isinstance(value, list):
        raise ValueError(f"{value!r:.100}: text is wanted, such as ndi:NAME")
    try:
        sinks.check_uri(str(value))
        return str(parse(str(value)))
    except Fault as fault:
        raise ValueError(str(fault)) from None


def _of_mapping(given: dict[Any, Any]) -> str:
    faults: list[tuple[KeyPath, Fault]] = []
    for key in given:
        if key not in ("to", *KEYS):
            other = OTHER_WORDS.get(str(key), "")
            near = f"; did you mean {other}?" if other else nearest(str(key), ("to", *KEYS))
            known = ", ".join(("to", *KEYS))
            faults.append(((key,), Fault(f"unknown key {key}{near} (known: {known})")))
        elif given[key] is None:
            faults.append(((key,), Fault(f"{key}: no value is given; leave the line out")))
    to = given.get("to")
    if "to" not in given:
        faults.append(((), Fault("to: is missing: where it goes, such as to: ndi:key")))
    elif isinstance(to, dict | list):
        faults.append((("to",), Fault(f"to: {to!r:.60}: text is wanted, such as ndi:NAME")))
    if faults:
        raise PlacedFaults(faults)
    try:
        sinks.split_uri(str(to))
        if inside := ", ".join(f"{key}: {said}" for key, said in parse(str(to)).options().items()):
            raise Fault(f"to: what stands behind the ? is a key of its own here: {inside}")
        text = str(read(str(to), {key: value for key, value in given.items() if key != "to"}))
        sinks.check_uri(text)
    except Fault as fault:
        key = str(fault).partition(":")[0].split(" ")[0]
        raise PlacedFaults([((key,) if key in given else ("to",), fault)]) from None
    return text


def check_places(texts: Sequence[str]) -> list[tuple[KeyPath, Fault]]:
    """Sinks that would get in each other's way: two under one name, two into one file. What stands
    there twice word for word, too."""
    seen: dict[tuple[str, str], str] = {}
    faults: list[tuple[KeyPath, Fault]] = []
    for index, text in enumerate(texts):
        to = parse(text).to
        kind, _, rest = to.partition(":")
        place = kind, normpath(rest) if kind == "record" else rest or "vj"
        if kind != "preview" and place in seen:
            other = "another file or folder" if kind == "record" else f"{kind}:{place[1]}-2"
            faults.append(
                (
                    (index,),
                    Fault(f"{to}: is there twice, as {seen[place]} too; {other} would be right"),
                )
            )
        seen.setdefault(place, text)
    return faults


def as_written(text: str) -> str | dict[str, Any]:
    """A rule's text as a show file says it."""
    rule = parse(text)
    options: dict[str, Any] = dict(rule.options())
    if not options:
        return text
    if "," in options.get("crop", ""):
        options["crop"] = [float(share) for share in options["crop"].split(",")]
    if "loop_fade" in options:
        options["loop_fade"] = f"{options['loop_fade']} s"
    return {"to": rule.to, **options}
