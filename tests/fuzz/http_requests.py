"""Requests to the page and to OSCQuery from a seed: as browsers and clients send them, and with
something wrong at the joints."""

from __future__ import annotations

import base64
import json
import random
import struct
from collections.abc import Sequence

from tests.fuzz.osc_packets import Packets
from vj.control.osc.query import ATTRIBUTES
from vj.parameters.table import Parameter

HEADERS = (
    b"Host: evil.example",
    b"Host:",
    b"Origin: http://evil.example",
    b"Origin: null",
    b"Accept: text/html",
    b"Content-Length: -1",
    b"Content-Length: 99999999",
    b"Content-Length: 5, 5",
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: gzip, chunked",
    b"Content-Type: application/json; charset=utf-16",
    b"Content-Type: text/plain; charset=none-such",
    b"Content-Encoding: gzip",
    b"Expect: 100-continue",
    b"Upgrade: websocket",
    b"Upgrade: h2c",
    b"Range: bytes=0-0,-1",
    b"Cookie: " + b"a=b; " * 200,
    b"X: " + b"y" * 9000,
    b"No colon",
    b" folded: line",
    b"\xff\xfe: \x00",
)
BODIES: tuple[object, ...] = (
    None,
    True,
    [],
    {},
    {"name": None, "value": 1},
    {"name": "strength"},
    {"name": "strength", "value": {}},
    {"name": "strength", "value": [[1], [2]]},
    {"name": ["strength"], "value": 1},
    {"name": "/vj/*", "value": 0.5},
    {"name": "//", "value": None},
    {"name": "", "value": 1},
    {"name": "subscribe", "value": 9000},
    {"name": "status", "value": None},
    {"name": "\ud800", "value": "\udfff"},
    {"name": "prompt/list", "value": "[" * 5000},
    {"name": "seed/a", "value": 10**400},
    {"name": "prompt/a", "value": "x" * 20_000},
)
VALUES: tuple[object, ...] = (
    0,
    1,
    -1,
    0.5,
    1e308,
    float("nan"),
    float("inf"),
    2**70,
    True,
    None,
    "",
    "gold",
    "nan",
    [1],
    [1, 2],
    [],
    {"a": 1},
    "\0",
    "é",
)


class Requests:
    """One stream of what clients send; the same seed gives the same."""

    def __init__(self, rows: Sequence[Parameter], port: int, seed: int) -> None:
        self.random = random.Random(seed)
        self._rows, self._host = list(rows), f"127.0.0.1:{port}".encode()
        self.packets = Packets(rows, [], seed, 1_700_000_000.0)

    def sent(self) -> tuple[bytes, bool]:
        """All that a client sends, and whether it is meant to become a WebSocket."""
        chosen = self.random.random()
        if chosen < 0.35:
            made, websocket = self.get(), False
        elif chosen < 0.7:
            made, websocket = self.post(), False
        elif chosen < 0.97:
            made, websocket = self.handshake(), True
            made += b"".join(self.frame() for _ in range(self.random.randrange(6)))
        else:
            return self.random.randbytes(self.random.choice((1, 4, 100, 9000))), False
        return (self.broken(made) if self.random.random() < 0.4 else made), websocket

    def _head(self, line: bytes, *more: bytes) -> bytes:
        headers = [b"Host: " + self._host, *more]
        if self.random.random() < 0.3:
            headers.insert(self.random.randrange(len(headers) + 1), self.random.choice(HEADERS))
        return b"\r\n".join([line, *headers, b"", b""])

    def path(self) -> bytes:
        """A node of the tree, one of its attributes, a page, or none of them."""
        rnd = self.random
        address = b"/vj/" + rnd.choice(self._rows).name.encode()
        if rnd.random() < 0.2:
            address = address[: rnd.randrange(1, len(address))]
        asked = rnd.choice(
            (
                b"",
                b"",
                b"?" + rnd.choice(ATTRIBUTES).encode(),
                b"?HOST_INFO",
                b"?VALUE=1&x",
                b"?" + b"A" * 500,
                b"?%ff%00",
            )
        )
        odd = (
            b"/",
            b"/output.jpg",
            b"/state.json",
            b"/parameters.json",
            b"/set",
            b"/../../etc/passwd",
            b"/%2e%2e/x",
            b"/" + b"a" * 3000,
            b"*",
            b"//",
            b"/\xc3\xa9",
            b"http://[::1",
            b"http://[x]/",
        )
        return (address if rnd.random() < 0.6 else rnd.choice(odd)) + asked

    def get(self) -> bytes:
        method = self.random.choice(
            (
                b"GET",
                b"GET",
                b"GET",
                b"HEAD",
                b"OPTIONS",
                b"PUT",
                b"DELETE",
                b"BREW",
                b"get",
                b"CONNECT",
            )
        )
        return self._head(method + b" " + self.path() + b" HTTP/1.1", b"Connection: close")

    def post(self) -> bytes:
        rnd = self.random
        row = rnd.choice(self._rows)
        asked = (
            rnd.choice(BODIES)
            if rnd.random() < 0.4
            else {"name": row.name, "value": rnd.choice((*VALUES, row.low, row.high, row.high + 1))}
        )
        body = json.dumps(asked).encode()
        if rnd.random() < 0.2:
            body = rnd.choice(
                (
                    b"",
                    b"{",
                    b"[" * 5000,
                    b"\xff",
                    body[:-1],
                    body * 3,
                    b"9" * 5000,
                    b'{"name": "seed", "value": ' + b"9" * 5000 + b"}",
                )
            )
        length = rnd.choice((len(body),) * 8 + (0, len(body) + 1, max(0, len(body) - 1)))
        return (
            self._head(b"POST /set HTTP/1.1", b"Connection: close", b"Content-Length: %d" % length)
            + body
        )

    def handshake(self) -> bytes:
        key = base64.b64encode(self.random.randbytes(16))
        version = self.random.choice((b"13", b"13", b"13", b"13", b"8", b"x"))
        return self._head(
            b"GET / HTTP/1.1",
            b"Upgrade: websocket",
            b"Connection: Upgrade",
            b"Sec-WebSocket-Key: " + key,
            b"Sec-WebSocket-Version: " + version,
        )

    def frame(self) -> bytes:
        """A WebSocket frame: OSC, a command, or one that is none."""
        rnd = self.random
        chosen = rnd.random()
        if chosen < 0.4:
            kind, body = 2, rnd.choice((self.packets.packet()[0], self.packets.message()))
        elif chosen < 0.8:
            row = rnd.choice(self._rows)
            command = rnd.choice(("LISTEN", "LISTEN", "IGNORE", "PATH_CHANGED", "", 1, None))
            asked: object = rnd.choice(
                (
                    {"COMMAND": command, "DATA": row.address},
                    {"COMMAND": command},
                    [],
                    {"COMMAND": command, "DATA": {"a": []}},
                    "x",
                )
            )
            kind, body = 1, json.dumps(asked).encode()[: rnd.choice((9999, 9999, 5))]
        else:
            kind, body = (
                rnd.choice((0, 1, 2, 3, 8, 9, 10, 15)),
                rnd.randbytes(rnd.choice((0, 1, 2, 125, 126, 70_000))),
            )
        mask = rnd.randbytes(4)
        size = len(body)
        length = (
            bytes([0x80 | size])
            if size < 126
            else b"\xfe" + struct.pack(">H", size)
            if size < 65536
            else b"\xff" + struct.pack(">Q", size)
        )
        begin = rnd.choice((0x80,) * 12 + (0x00, 0xC0, 0xF0)) | kind
        pad = (mask * (size // 4 + 1))[:size]
        return bytes([begin]) + length + mask + bytes(a ^ b for a, b in zip(body, pad, strict=True))

    def broken(self, made: bytes) -> bytes:
        """The same with something wrong."""
        rnd = self.random
        place = rnd.randrange(len(made) + 1)
        return rnd.choice(
            (
                made[:place],
                made[:place] + bytes([rnd.randrange(256)]) + made[place + 1 :],
                made[:place] + rnd.randbytes(rnd.randrange(1, 9)) + made[place:],
                made[:place] + made[place + rnd.randrange(1, 40) :],
                made.replace(b"\r\n", b"\n"),
                made.replace(b"HTTP/1.1", rnd.choice((b"HTTP/1.0", b"HTTP/9.9", b"HTTP/", b"")), 1),
                made + made,
            )
        )
