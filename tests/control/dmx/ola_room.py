"""A room with two machines and a cable between them, as two network namespaces: on one OLA, the
lighting daemon, on the other a show of vj. Run by `unshare -n`, as root; prints what each saw."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.shows import ShowPeer, environment
from tests.waiting import until

DESK, SHOW = "10.77.0.2", "10.77.0.1"
OSC = 9000
PLUGINS = (
    "dummy espnet ftdidmx gpio karate kinet milinst opendmx openpixelcontrol osc pathport renard "
    "sandnet shownet spi stageprofi uartdmx usbdmx usbserial"
)
"""Those of OLA that are left out."""
FILE = f"""
source: testcard
model: none
size: 64x64
sinks: []
midi: off
page: off
osc: 127.0.0.1:{OSC}
dmx: {{sacn: {SHOW}, lost: start after 1 s}}
mappings:
  - {{dmx: 4/12, to: similarity}}
  - {{dmx: 7/1+2, to: noise/hold}}
lights:
  - {{dmx: 9/3, to: "artnet:{DESK}", smooth: 0}}
  - {{dmx: 11/1, to: sacn, channels: dim, smooth: 0}}
  - {{dmx: 12/1, to: "sacn:{DESK}", channels: dim, smooth: 0}}
"""


def run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


class Ola:
    """olad in the other namespace, whose process is `inside`."""

    def __init__(self, folder: Path, closing: contextlib.ExitStack) -> None:
        """closing: ends its processes."""
        self.inside = subprocess.Popen(["unshare", "-n", "sleep", "600"])
        closing.callback(self.inside.kill)
        self._connect()
        settings = folder / "ola"
        settings.mkdir()
        for plugin in PLUGINS.split():
            (settings / f"ola-{plugin}.conf").write_text("enabled = false\n")
        (settings / "ola-e131.conf").write_text(f"ip = {DESK}\n")
        for path in (folder, settings, *settings.iterdir()):
            os.chown(path, 65534, 65534)  # olad refuses to be root
        who = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
        self.process = subprocess.Popen(
            [*self.there(*who), "olad", "-c", str(settings), "-l", "1"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        closing.callback(self.process.kill)
        until(lambda: "E1.31" in self.devices() and "ArtNet" in self.devices(), self.devices)

    def there(self, *command: str) -> tuple[str, ...]:
        return "nsenter", "-t", str(self.inside.pid), "-n", *command

    def _connect(self) -> None:
        run("ip", "link", "set", "lo", "up")
        run("ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1")
        ours = os.readlink("/proc/self/ns/net")
        until(lambda: os.readlink(f"/proc/{self.inside.pid}/ns/net") != ours)
        run("ip", "link", "set", "v1", "netns", str(self.inside.pid))
        for where, name, address in ((self.there, "v1", DESK), (lambda *c: c, "v0", SHOW)):
            for command in (
                "link set lo up",
                f"addr add {address}/24 brd + dev {name}",
                f"link set {name} up",
                f"route add 224.0.0.0/4 dev {name}",
            ):
                run(*where("ip", *command.split()))

    def devices(self) -> str:
        found = subprocess.run(
            self.there("ola_dev_info"), capture_output=True, text=True, check=False
        )
        return found.stdout

    def patch(self, device: str, port: int, universe: int, into: bool) -> None:
        """into: what comes by this port becomes the universe's levels."""
        line = next(one for one in self.devices().splitlines() if device in one)
        number = line.split(":")[0].split()[-1]
        way = ["-i"] if into else []
        run(*self.there("ola_patch", "-d", number, "-p", str(port), *way, "-u", str(universe)))

    def play(self, universe: int, *levels: int) -> None:
        said = urllib.parse.urlencode({"u": universe, "d": ",".join(map(str, levels))})
        urllib.request.urlopen(f"http://{DESK}:9090/set_dmx", said.encode(), timeout=30).close()

    def levels(self, universe: int) -> list[int]:
        asked = f"http://{DESK}:9090/get_dmx?u={universe}"
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return list(json.load(answer)["dmx"])

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


def main(folder: Path) -> None:
    with contextlib.ExitStack() as closing:
        print(json.dumps(_play(folder, closing)))


def _play(folder: Path, closing: contextlib.ExitStack) -> dict[str, Any]:
    """How long each thing took to be seen, in seconds."""
    ola = Ola(folder, closing)
    found: dict[str, Any] = {}
    (folder / "show.yaml").write_text(FILE)
    show = subprocess.Popen(
        [sys.executable, "-P", "-m", "vj.cli", str(folder / "show.yaml")],
        env=environment(),
        cwd=folder,
        stdout=(folder / "log").open("w"),
        stderr=subprocess.STDOUT,
    )
    closing.callback(show.kill)
    peer = ShowPeer(OSC)

    def value(name: str) -> float:
        return float(peer.value(name))

    def comes(name: str, true: Callable[[], Any]) -> None:
        begun = time.monotonic()
        until(true, lambda: f"{name}: {found} {(folder / 'log').read_text()[-2000:]}", 60)
        found[name] = round(time.monotonic() - begun, 2)

    comes("the show plays", lambda: peer.value("similarity") is not None)
    for device, port, universe, into in (
        ("ArtNet", 0, 3, False),
        ("E1.31", 0, 7, False),
        ("ArtNet", 0, 8, True),
        ("E1.31", 0, 11, True),
        ("E1.31", 1, 12, True),
    ):
        ola.patch(device, port, universe, into)
    threading.Thread(target=_desk, args=(ola,), daemon=True).start()
    comes("Art-Net in", lambda: abs(value("similarity") - 0.8) < 1e-3)
    fine = (128 * 256 + 64) / 65535
    comes("sACN in, 16 bits", lambda: abs(value("noise/hold") - fine) < 1e-3)
    comes("Art-Net out", lambda: max(ola.levels(8)[2:5], default=0) > 30)
    comes("sACN out, multicast", lambda: max(ola.levels(11)[:1], default=0) > 30)
    comes("sACN out, unicast", lambda: max(ola.levels(12)[:1], default=0) > 30)
    peer.send("/vj/lights/amount", 0.0)
    comes("lights/amount", lambda: max(ola.levels(8)[2:5] + ola.levels(11)[:1]) == 0)
    stopped = time.monotonic()
    ola.stop()
    comes("lost: sACN back to the start", lambda: value("noise/hold") == 1)
    comes("lost: Art-Net back to the start", lambda: value("similarity") == 0)
    found["Art-Net was held"] = time.monotonic() - stopped
    show.terminate()
    found["the show's code"] = show.wait(60)
    lines = (folder / "log").read_text().splitlines()
    found["log"] = [line for line in lines if "dmx universe" in line]
    return found


def _desk(ola: Ola) -> None:
    """A desk sends all the time; OLA does so when levels are set."""
    with contextlib.suppress(OSError):  # until it is stopped
        while True:
            ola.play(3, *[0] * 11, 204)
            ola.play(7, 128, 64)
            time.sleep(0.5)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
