"""What is printed once a show runs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from vj.app.banner import banner
from vj.painters.style_words import understood
from vj.parameters.table import TABLE
from vj.pocket.words import understand
from vj.show.schema import Show

OSC: Any = SimpleNamespace(address=("127.0.0.1", 9000), describe=list)


def sent(model: str) -> tuple[str, str]:
    """The first message that a show's start tells to send: its address and what goes with it."""
    lines = banner(Show(model={"name": model}), "testcard", None, OSC, {})
    line = next(line for line in lines if "play   oscsend" in line)
    address, rest = line.split("9000 ")[1].split(" ", 1)
    return address, rest


@pytest.mark.parametrize("model", ["pocket", "styles", "picture", "none"])
def test_the_start_tells_what_the_model_that_plays_understands(model: str) -> None:
    address, rest = sent(model)
    row = TABLE.find(address.removeprefix("/vj/"))
    if model == "picture":
        assert row.name == "image/mix", "it follows no prompt"
        assert float(rest.removeprefix("f ")) <= row.high
    else:
        text = rest.removeprefix("s ").strip('"')
        assert row.name == "prompt/a"
        assert (understood if model == "styles" else understand)(text).recognised


def test_who_lights_the_show_is_told_where_to_send() -> None:
    plain = banner(Show.model_validate({}), "testcard", None, OSC, {})
    mappings = [{"dmx": name, "to": "strength"} for name in ("18/1", 5, "300/1+2")]
    lights = [{"dmx": 1, "to": "artnet:10.0.0.20"}, {"dmx": 9, "to": "artnet:10.0.0.20"}]
    show = Show.model_validate({"mappings": mappings, "lights": lights, "dmx": {"universe": 18}})
    told = [line for line in banner(show, "testcard", None, OSC, {}) if line not in plain]
    assert told == [
        "  desk   plays universe 18, 300 (18 is Art-Net 0:1:1, port 6454; sACN 18, port 5568)",
        "  lamps  follow the picture: artnet:10.0.0.20",
    ]
