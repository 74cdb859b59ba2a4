"""How a phone gets to the page: addresses, what the start says of them, and QR codes that can be
read."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import cv2
import numpy as np
import pytest

from vj.control.osc.network import lan_address, lan_addresses
from vj.web.reach import BLOCKS, Reach, qr_lines, qr_svg

URL = "http://192.168.178.21:9080/"
LOOPBACK, EVERYWHERE = "127.0.0.1", "0.0.0.0"


def read(light: np.ndarray) -> str:
    """What a camera reads of modules of a code, (H, W) bool."""
    picture = np.kron(np.where(light, 255, 0).astype(np.uint8), np.ones((8, 8), np.uint8))
    framed = cv2.copyMakeBorder(picture, 32, 32, 32, 32, cv2.BORDER_CONSTANT, value=(255,))
    return str(cv2.QRCodeDetector().detectAndDecode(framed)[0])


def test_the_code_in_the_terminal_is_the_address() -> None:
    halves = {character: pair for pair, character in BLOCKS.items()}
    lines = qr_lines(URL)
    assert len({len(line) for line in lines}) == 1
    assert len(lines[0]) <= 40, "it fits beside nothing else in a narrow terminal"
    rows = [[halves[one][half] for one in line] for line in lines for half in (0, 1)]
    assert read(np.array(rows)) == URL


def test_the_code_on_the_page_is_the_address() -> None:
    root = ET.fromstring(qr_svg(URL))
    assert root.tag == "{http://www.w3.org/2000/svg}svg", "a browser takes it as a picture"
    side = int(root.attrib["viewBox"].split()[2])
    light = np.ones((side, side), bool)
    path = next(one for one in root if one.get("stroke"))
    x = y = 0.0
    for step, first, second in re.findall(r"([Mmh])\s*(-?[\d.]+)\s*(-?[\d.]+)?", path.attrib["d"]):
        if step == "M":
            x, y = float(first), float(second)
        elif step == "m":
            x, y = x + float(first), y + float(second)
        else:
            light[int(y), int(x) : int(x) + int(first)] = False
            x += int(first)
    assert read(light) == URL


def reach(page: str, osc: str = LOOPBACK, pin: str | None = "271828") -> Reach:
    return Reach((page, 9080), (osc, 9000), pin, "/view?key=abc")


def test_a_page_of_this_machine_has_no_address_for_others_and_says_how() -> None:
    for host in (LOOPBACK, "localhost", "[::1]", "::1"):
        assert reach(host).urls() == []
        assert reach(host).lines() == [
            "a phone or tablet gets in with --page 0.0.0.0:9080, and a PIN"
        ]
    assert reach(LOOPBACK).describe() == {
        "urls": [],
        "qr": "",
        "osc": "127.0.0.1:9000",
        "view": "/view?key=abc",
    }
    assert "OSC is open to everybody" in reach(LOOPBACK, EVERYWHERE).lines()[1]


def test_a_page_of_one_address_has_that_one() -> None:
    assert reach("10.0.0.7").urls() == ["http://10.0.0.7:9080/"]
    assert reach("[fd00::2]").urls() == reach("fd00::2").urls() == ["http://[fd00::2]:9080/"]


def test_the_start_says_who_may_do_what() -> None:
    for osc, pin, words in (
        (LOOPBACK, "271828", "without the PIN nobody else may do anything"),
        (LOOPBACK, "271828", "--osc 0.0.0.0:9000 opens it"),
        (EVERYWHERE, "271828", "without the PIN everybody in the network may play parameters"),
        (LOOPBACK, None, "everybody in the network may change everything"),
    ):
        first, second = reach("10.0.0.7", osc, pin).lines()
        assert words in second
        assert "http://10.0.0.7:9080/" in first
        assert ("PIN 271828" in first) is (pin is not None)


@pytest.mark.skipif(not lan_address(), reason="this machine has no address in a network")
def test_a_page_at_every_address_has_those_in_the_network() -> None:
    assert reach(EVERYWHERE).urls()[0] == f"http://{lan_address()}:9080/"
    assert all(not one.startswith("127.") for one in lan_addresses())
    assert reach(EVERYWHERE, EVERYWHERE).describe()["osc"] == f"{lan_address()}:9000"
