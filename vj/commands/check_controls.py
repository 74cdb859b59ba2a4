"""Values and addresses of a show that are valid and yet do not do what they look like: values that
are clamped, ports in use, masks without a model, prompts that the built-in model does not
understand."""

from __future__ import annotations

import contextlib
import importlib.util
import socket
from collections.abc import Iterator

from vj.app.model_words import MODEL_WORDS
from vj.commands.check_faces import check_faces
from vj.commands.check_result import CheckResult
from vj.control.dmx import artnet, streaming_acn
from vj.control.dmx.sender import REMEDY as SACN_REMEDY
from vj.control.dmx.sender import sacn_is_missing
from vj.control.dmx.sockets import heard_at, listening
from vj.control.hid_devices import REMEDY as HID_REMEDY
from vj.control.osc.network import datagram_socket, family_of, strip_brackets
from vj.core.errors import Fault
from vj.parameters.fit import fit, parse_prompt_list
from vj.parameters.scenes import parse_scenes
from vj.parameters.table import Table
from vj.pipeline.backend import Words
from vj.show.given_values import given_values
from vj.show.paths import MODEL_WORDS as MODEL_NAMES
from vj.show.schema import Show, parse_address
from vj.show.section import KeyPath

PROMPTS = ("prompt", "prompt/a", "prompt/b", "background/prompt")
WORDS_OF: dict[str, Words] = {"pocket": "pocket", "drawn": "pocket", "styles": "styles"}
"""By the model's name."""
TAKES_PICTURES = ("picture", "pocket", "drawn")
"""Models that have a use for pictures that are taken while they play (image/from)."""


def check_controls(show: Show, result: CheckResult) -> None:
    """Everything that loading a show file does not report."""
    table = show.table()
    _clamped(show, table, result)
    _cue_numbers(show, result)
    _masks(show, result)
    _lines(show, result)
    check_faces(show, result)
    _prompts(show, result)
    _decks(show, result)
    _heads(show, result)
    _background(show, result)
    _pictures(show, result)
    _ports(show, result)
    _plugged_in(show, result)


def _clamped(show: Show, table: Table, result: CheckResult) -> None:
    """Values of mappings and modulators beyond their parameter's range."""
    for index, rule in enumerate(show.mappings):
        if rule.value is None or rule.to in show.macros:
            continue
        with contextlib.suppress(Fault):
            remark = fit(table.find(rule.to), rule.value)[1]
            if remark:
                result.warn(("mappings", index, "value"), f"{remark}; the nearest is played")
    for index, modulator in enumerate(show.modulators):
        row = table.find(modulator.to)
        place: KeyPath = ("modulators", index, "range" if modulator.range else "depth")
        if modulator.range is not None:
            beyond = [value for value in modulator.range if not row.low <= value <= row.high]
            if beyond:
                result.warn(
                    place,
                    f"{row.name}: {beyond[0]:g} is outside {row.range}; there it is clamped",
                )
        elif abs(modulator.depth or 0) > row.high - row.low:
            result.warn(
                place,
                f"{row.name}: a depth of {modulator.depth:g} is more than its whole range, "
                f"{row.range}",
            )


def _cue_numbers(show: Show, result: CheckResult) -> None:
    """Mappings of the show itself that fire a cue by a number that no cue has."""
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
        if int(asked) >= len(names) and result.is_own(("mappings", index)):
            result.warn(
                ("mappings", index, "value"),
                f"cue {asked}: of {len(names)}, counted from 0; it fires nothing",
            )


def _masks(show: Show, result: CheckResult) -> None:
    """Person masks that are not installed, and depth masks without a depth model."""
    from vj.pipeline.depth import NO_DEPTH, NO_MASK
    from vj.pipeline.selfie_segmentation import missing
    from vj.sinks.rule import parse

    messages = {
        "person": missing() if show.person is None else "",
        "depth": NO_MASK if show.depth is None else "",
    }
    for name, value, place in given_values(show):
        if name == "mask/mode" and (message := messages.get(str(value), "")):
            result.warn(place, message)
    for index, uri in enumerate(show.sinks):
        if show.depth is None and parse(uri).show == "depth":
            result.warn(("sinks", index), f"show depth: {NO_DEPTH}; it is black")


def _lines(show: Show, result: CheckResult) -> None:
    """Lines of faces and bodies whose networks are not installed."""
    from vj.pipeline.landmarks.markers import FILES, missing

    for name, value, place in given_values(show):
        if name == "lines/from" and value in FILES and (message := missing(str(value))):
            result.warn(place, message)


def _heads(show: Show, result: CheckResult) -> None:
    """A head that is followed without the networks that find it."""
    from vj.pipeline.landmarks.heads import missing

    for name, value, place in given_values(show):
        if name == "input/follow" and value == "head" and (why := missing()):
            result.warn(place, f"input/follow head: {why}; the input stays as it is")


def _pictures(show: Show, result: CheckResult) -> None:
    """Pictures that are taken for nothing, or from nowhere."""
    given = list(given_values(show))
    names = {name for name, _, _ in given} | {rule.to for rule in show.mappings}
    used = any(
        model.name in TAKES_PICTURES or model.ip_adapter is not None
        for model in (show.model, *show.models.values())
    )
    for name, value, place in given:
        if name == "image/every" and value != 0 and "image/from" not in names:
            result.warn(place, "image/every: nothing here says image/from, so no picture is taken")
        if name == "image/from" and value and not used:
            result.warn(
                place,
                f"image/from {value}: none of the show's models has a use for it "
                f"({', '.join(TAKES_PICTURES)}, or one with an ip_adapter would)",
            )


def _background(show: Show, result: CheckResult) -> None:
    """A background behind nobody."""
    given = list(given_values(show))
    masked = {rule.to for rule in show.mappings} | {
        name for name, value, _ in given if (name, value) != ("mask/mode", "none")
    }
    for name, value, place in given:
        if name == "background/source" and value and "mask/mode" not in masked:
            result.warn(
                place, f"{name} {value}: nothing here sets mask/mode, so nobody is in front of it"
            )


def _prompts(show: Show, result: CheckResult) -> None:
    """Prompts of which the show's model understands nothing."""
    words = MODEL_WORDS.get(WORDS_OF.get(show.model.name, ""))
    if words is None:
        return
    for name, value, place in given_values(show):
        for text in _texts(name, value) if place[0] != "with" else ():
            if text.strip() and not words.recognises(text):
                result.warn(
                    place,
                    f"{name}: {show.model.name} understands nothing of “{text[:60]}”; "
                    f"{words.page} lists what it knows",
                )


def _decks(show: Show, result: CheckResult) -> None:
    """A fader with nothing on deck B, and latents of a model that has none."""
    given = list(given_values(show))
    names = {name for name, _, _ in given} | {rule.to for rule in show.mappings}
    for name, value, place in given:
        if name == "deck/mix" and value != 0 and "deck/b" not in names:
            result.warn(place, "deck/mix: nothing here puts a source on deck/b, so it does nothing")
        if name == "deck/space" and value == "latent" and show.model.name in MODEL_NAMES:
            result.warn(
                place,
                f"deck/space latent: {show.model.name} has no latent space; the pictures morph "
                "along the flow instead",
            )


def _texts(name: str, value: object) -> list[str]:
    """The prompts in a value of a parameter."""
    if name == "prompt/list":
        with contextlib.suppress(Fault):
            return [text for text, _ in parse_prompt_list(str(value))]
    if name == "prompt/scenes":
        with contextlib.suppress(Fault):
            return [scene.prompt for scene in parse_scenes(str(value))]
    return [str(value)] if name in PROMPTS else []


def _ports(show: Show, result: CheckResult) -> None:
    """Addresses that cannot be had, ports that somebody uses, and answers that go nowhere."""
    with _report_os_error(result, ("osc", "listen"), f"osc {show.osc.listen}"):
        datagram_socket(*parse_address(show.osc.listen)).close()
    if show.osc.reply is not None:
        host, port = parse_address(show.osc.reply)
        try:
            socket.getaddrinfo(strip_brackets(host), port, type=socket.SOCK_DGRAM)
        except (OSError, UnicodeError) as error:
            result.warn(
                ("osc", "reply"),
                f"osc reply {show.osc.reply}: no such address to send to ({error})",
            )
        if show.osc.reply == show.osc.listen:
            result.warn(
                ("osc", "reply"),
                f"osc reply {show.osc.reply}: is where the show itself listens; it would answer "
                "itself",
            )
    if show.page.on:
        with _report_os_error(result, ("page", "listen"), f"page {show.page.listen}"):
            host, port = parse_address(show.page.listen)
            with socket.socket(family_of(host), socket.SOCK_STREAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((strip_brackets(host), port))

    if any(rule.dmx is not None for rule in show.mappings):
        _desks(show, result)
    _lamps(show, result)


def _desks(show: Show, result: CheckResult) -> None:
    """Where lighting desks are heard, and universes that Art-Net has not."""
    for name, port in (("artnet", artnet.PORT), ("sacn", streaming_acn.PORT)):
        asked = getattr(show.dmx, name)
        if asked:
            try:
                listening(heard_at(name, asked), port).close()
            except OSError as error:
                result.error(
                    ("dmx",),
                    f"dmx: {name}: {'' if asked is True else f'{asked}, '}port {port} cannot be "
                    f"had on this machine ({error.strerror or error})",
                )
    for index, rule in enumerate(show.mappings):
        universe = 0 if rule.dmx is None else rule.dmx.channel or show.dmx.universe
        if universe > artnet.UNIVERSES and show.dmx.artnet:
            result.warn(
                ("mappings", index, "dmx"),
                f"universe {universe}: Art-Net has {artnet.UNIVERSES}; only sACN brings it",
            )
        if universe and not (show.dmx.artnet or show.dmx.sacn):
            result.warn(("mappings", index, "dmx"), "dmx: artnet and sacn are off: nothing comes")


def _lamps(show: Show, result: CheckResult) -> None:
    """Lamps whose library is missing, and those that share a desk's universe."""
    heard = {rule.dmx.channel or show.dmx.universe for rule in show.mappings if rule.dmx}
    for index, light in enumerate(show.lights):
        universe = light.dmx.channel or show.dmx.universe
        if light.to.protocol == "sacn" and sacn_is_missing():
            result.warn(("lights", index, "to"), SACN_REMEDY)
        to_all = not light.to.host or light.to.host.endswith(".255")
        if to_all and universe in heard and getattr(show.dmx, light.to.protocol):
            result.warn(
                ("lights", index, "dmx"),
                f"universe {universe}: a desk plays the show on it, too, and what hears both "
                "merges them; take another universe for lamps",
            )


@contextlib.contextmanager
def _report_os_error(result: CheckResult, place: KeyPath, what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        import errno

        if error.errno in (errno.EADDRINUSE, 10048):
            result.warn(
                place,
                f"{what}: another program uses this port now; the next free one would be taken",
            )
        else:
            result.error(
                place, f"{what}: cannot be had on this machine ({error.strerror or error})"
            )


def _plugged_in(show: Show, result: CheckResult) -> None:
    """Devices that may be plugged in later, and Link."""
    if show.midi.on and any(rule.midi is not None for rule in show.mappings):
        result.skip("MIDI devices")
    for index, rule in enumerate(show.mappings):
        if rule.hid is not None and importlib.util.find_spec("hid") is None:
            result.warn(("mappings", index), f"{rule.control}: wants hidapi: {HID_REMEDY}")
    if show.timecode is not None and not show.midi.on:
        result.warn(
            ("timecode",),
            "timecode: comes by MIDI, which midi: off leaves alone; the timeline would wait for it",
        )
    if show.tempo.follow == "link" and importlib.util.find_spec("aalink") is None:
        result.warn(
            ("tempo",),
            "tempo: follow: link needs the package aalink; without it the tempo is the show's own",
        )
