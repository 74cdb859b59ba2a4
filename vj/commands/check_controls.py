"""What of a show's sequence is right as written and yet does not do what it looks like: values that
are clamped, addresses nobody can reach, masks without a model, words that nothing is understood
of."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

from vj.commands.check_result import Findings
from vj.control.osc.network import datagram_socket, family_of, strip_brackets
from vj.core.errors import Fault
from vj.parameters.table import Table, fit
from vj.show.schema import Show, parse_address
from vj.show.section import KeyPath
from vj.show.validate import NO_PERSON_MODEL

PROMPTS = ("prompt/a", "prompt/b")


def check_controls(show: Show, found: Findings) -> None:
    """Everything that the show's own checks let pass."""
    table = show.table()
    _clamped(show, table, found)
    _cue_numbers(show, found)
    _masks(show, found)
    _words(show, found)
    _ports(show, found)
    _plugs(show, found)


def _clamped(show: Show, table: Table, found: Findings) -> None:
    """Values of mappings and modulators beyond their parameter's range."""
    for index, rule in enumerate(show.mappings):
        if rule.value is None or rule.to in show.macros:
            continue
        with contextlib.suppress(Fault):
            remark = fit(table.find(rule.to), rule.value)[1]
            if remark:
                found.doubtful(("mappings", index, "value"), f"{remark}; the nearest is played")
    for index, modulator in enumerate(show.modulators):
        row = table.find(modulator.to)
        place: KeyPath = ("modulators", index, "range" if modulator.range else "depth")
        if modulator.range is not None:
            beyond = [value for value in modulator.range if not row.low <= value <= row.high]
            if beyond:
                found.doubtful(
                    place,
                    f"{row.name}: {beyond[0]:g} is outside {row.range}; it stands still there",
                )
        elif abs(modulator.depth or 0) > row.high - row.low:
            found.doubtful(
                place,
                f"{row.name}: a depth of {modulator.depth:g} is more than its whole range, "
                f"{row.range}",
            )


def _cue_numbers(show: Show, found: Findings) -> None:
    """MappingTable of the show itself that fire a cue by a number that none has."""
    names = [cue.name for cue in show.cues]
    for index, rule in enumerate(show.mappings):
        asked = rule.value
        if (
            rule.to != "cue/fire"
            or asked is None
            or str(asked) in names
            or not str(asked).isdecimal()
        ):
            continue
        if int(asked) >= len(names) and found.is_own(("mappings", index)):
            found.doubtful(
                ("mappings", index, "value"),
                f"cue {asked}: of {len(names)}, counted from 0; it fires nothing",
            )


def _values(show: Show) -> Iterator[tuple[str, object, KeyPath]]:
    """Values that the show gives to parameters, with where."""
    for name, value in show.start.items():
        yield name, value, ("start", name)
    for index, cue in enumerate(show.cues):
        for name, value in cue.set.items():
            yield name, value, ("cues", index, "set", name)
    for index, rule in enumerate(show.mappings):
        if rule.value is not None:
            yield rule.to, rule.value, ("mappings", index, "value")


def _masks(show: Show, found: Findings) -> None:
    if show.person is not None:
        return
    for name, value, place in _values(show):
        if name == "mask/mode" and value == "person":
            found.doubtful(place, NO_PERSON_MODEL)


def _words(show: Show, found: Findings) -> None:
    """Prompts of which the built-in model understands nothing."""
    if show.model.name not in ("pocket", "drawn"):
        return
    from vj.pocket.words import understand

    for name, value, place in _values(show):
        if (
            name in (*PROMPTS, "prompt")
            and isinstance(value, str)
            and value.strip()
            and not understand(value).recognised
        ):
            found.doubtful(
                place,
                f"{name}: {show.model.name} understands nothing of “{value[:60]}”; docs/words.md "
                "lists what it knows",
            )


def _ports(show: Show, found: Findings) -> None:
    """Addresses that cannot be had, ports that somebody uses, and answers that go nowhere."""
    with _said(found, ("osc", "listen"), f"osc {show.osc.listen}"):
        datagram_socket(*parse_address(show.osc.listen)).close()
    if show.osc.reply is not None:
        host, port = parse_address(show.osc.reply)
        try:
            socket.getaddrinfo(strip_brackets(host), port, type=socket.SOCK_DGRAM)
        except (OSError, UnicodeError) as error:
            found.doubtful(
                ("osc", "reply"),
                f"osc reply {show.osc.reply}: no such address to send to ({error})",
            )
        if show.osc.reply == show.osc.listen:
            found.doubtful(
                ("osc", "reply"),
                f"osc reply {show.osc.reply}: is where the show itself listens; it would answer "
                "itself",
            )
    if "preview" in show.sinks:
        with _said(found, ("preview", "listen"), f"preview {show.preview.listen}"):
            host, port = parse_address(show.preview.listen)
            with socket.socket(family_of(host), socket.SOCK_STREAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((strip_brackets(host), port))


@contextlib.contextmanager
def _said(found: Findings, place: KeyPath, what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        import errno

        if error.errno in (errno.EADDRINUSE, 10048):
            found.doubtful(
                place,
                f"{what}: another program uses this port now; the next free one would be taken",
            )
        else:
            found.wrong(place, f"{what}: cannot be had on this machine ({error.strerror or error})")


def _plugs(show: Show, found: Findings) -> None:
    """What may be plugged in later."""
    if show.midi.on and any(rule.midi is not None for rule in show.mappings):
        found.not_looked_at("MIDI devices")
    if show.tempo.follow == "link":
        import importlib.util

        if importlib.util.find_spec("aalink") is None:
            found.doubtful(
                ("tempo",),
                "tempo: follow: link needs the package aalink; without it the tempo is the show's "
                "own",
            )
