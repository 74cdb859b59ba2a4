"""OSC packets from a seed: right ones, and the same with something wrong where the format has its
joints."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Sequence

from vj.parameters.table import Parameter

NTP = 2_208_988_800
FLOATS = (
    0.0,
    -0.0,
    1.0,
    0.5,
    -1.0,
    1e-45,
    3.4e38,
    -3.4e38,
    float("nan"),
    float("inf"),
    float("-inf"),
    16_777_217.0,
)
INTS = (0, 1, -1, 127, 128, 255, 2**31 - 1, -(2**31), 1000)
LONGS = (0, 1, -1, 2**63 - 1, -(2**63), 2**53 + 1)
TEXTS = (
    b"",
    b"gold",
    "Öl, 水墨, 🎨".encode(),
    b"on",
    b"1",
    b"nan",
    b"1e999",
    b"%s%n{0}",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"[[",
    b'[["a",1]]',
    b"#102030 #fff",
    b"\x1b[2J\x07",
    b"a" * 300,
    b"9" * 400,
    b"../../x",
)
PIECES = (
    b"*",
    b"?",
    b"[a-z]",
    b"[!a]",
    b"{a,b}",
    b"{",
    b"[",
    b"//",
    b"/",
    b" ",
    b"#",
    b"\xc3\xa9",
    b"\x7f",
    b"*" * 40,
    b"[z-a]",
    b"{,}",
)


def padded(raw: bytes) -> bytes:
    """Ended by NUL and filled up to a multiple of four."""
    return raw + b"\0" * (4 - len(raw) % 4)


class Packets:
    """One stream of packets; the same seed gives the same."""

    def __init__(
        self, rows: Sequence[Parameter], mapped: Sequence[str], seed: int, now: float
    ) -> None:
        """rows: the parameters there are. mapped: other addresses that mean something.
        now: seconds since 1970 around which timetags lie."""
        self.random = random.Random(seed)
        self.now = now
        self._rows = list(rows)
        self._mapped = [address.encode() for address in mapped]
        self._own = [
            b"/vj/status",
            b"/vj/status/*",
            b"/vj/subscribe",
            b"/vj/unsubscribe",
            b"/vj/error",
            b"/vj/prompt",
            b"/vj/seed",
        ]
        self._before = b"/vj/delta\0\0\0,f\0\0\0\0\0\0"

    def packet(self) -> tuple[bytes, bool]:
        """The next one, and whether nothing was done to it: then every message of it has to be
        found."""
        chosen = self.random.random()
        if chosen < 0.6:
            made = self.message()
        elif chosen < 0.95:
            made = self.bundle()
        elif chosen < 0.98:
            made = self.bomb()
        else:
            return self.random.randbytes(self.random.choice((0, 1, 3, 4, 8, 16, 20, 100))), False
        whole = self.random.random() < 0.35
        broken = made if whole else self.broken(made)
        self._before = made
        return broken, whole

    def message(self) -> bytes:
        """Right by the format; its values may be none that anything takes."""
        row = self.random.choice(self._rows)
        tags, body = b"", b""
        for _ in range(self.random.choice((0, 1, 1, 1, 1, 1, 1, 2, 3))):
            tag, raw = self.fitting(row) if self.random.random() < 0.5 else self.argument()
            tags, body = tags + tag, body + raw
        return padded(self.address(row)) + padded(b"," + tags) + body

    def address(self, row: Parameter) -> bytes:
        """Mostly one that means something."""
        chosen = self.random.random()
        if chosen < 0.65:
            return row.address.encode()
        if chosen < 0.75 and self._mapped:
            return self.random.choice(self._mapped)
        if chosen < 0.8:
            return self.random.choice(self._own)
        address = row.address.encode()
        cut = self.random.randrange(1, len(address) + 1)
        if chosen < 0.93:
            return (
                address[:cut]
                + self.random.choice(PIECES[:6])
                + address[cut + self.random.randrange(3) :]
            )
        return b"/" + self.random.choice(
            (b"x" * 200, b"1/fader1", b"vj", b"vj/stren", b"vj/prompt/c", b"a/b/c/d/e/f/g")
        )

    def fitting(self, row: Parameter) -> tuple[bytes, bytes]:
        """An argument such as the parameter takes, at its ends and beyond, too."""
        rnd = self.random
        if row.kind in ("float", "int"):
            value = rnd.choice(
                (row.low, row.high, rnd.uniform(row.low, row.high), row.low - 1, row.high + 1)
            )
            if rnd.random() < 0.3:
                return b"i", struct.pack(">i", max(-(2**31), min(2**31 - 1, round(value))))
            return b"f", struct.pack(">f", value)
        if row.kind == "choice":
            return b"s", padded(rnd.choice(row.choices).encode())
        if row.kind == "text":
            return b"s", padded(rnd.choice(TEXTS[:3]))
        return rnd.choice(
            (
                (b"T", b""),
                (b"F", b""),
                (b"I", b""),
                (b"f", struct.pack(">f", 1.0)),
                (b"i", struct.pack(">i", 0)),
            )
        )

    def argument(self, depth: int = 0) -> tuple[bytes, bytes]:
        """Any argument the format knows: (tags, bytes)."""
        rnd = self.random
        tag = rnd.choice("ifsSbhdtcrmTFNI[" if depth < 3 else "if")
        if tag == "[":
            inside = [self.argument(depth + 1) for _ in range(rnd.randrange(4))]
            return b"[" + b"".join(one[0] for one in inside) + b"]", b"".join(
                one[1] for one in inside
            )
        makers: dict[str, Callable[[], bytes]] = {
            "i": lambda: struct.pack(">i", rnd.choice(INTS)),
            "f": lambda: struct.pack(">f", rnd.choice(FLOATS)),
            "h": lambda: struct.pack(">q", rnd.choice(LONGS)),
            "d": lambda: struct.pack(">d", rnd.choice((*FLOATS, 1e308, 5e-324))),
            "s": lambda: padded(rnd.choice(TEXTS)),
            "S": lambda: padded(rnd.choice(TEXTS)),
            "b": lambda: self.blob(rnd.randbytes(rnd.randrange(12))),
            "t": lambda: struct.pack(">Q", self.timetag()),
            "c": lambda: struct.pack(
                ">I", rnd.choice((65, 0x1F3A8, 0, 0xD800, 0x110000, 2**32 - 1))
            ),
            "r": lambda: rnd.randbytes(4),
            "m": lambda: rnd.randbytes(4),
        }
        return tag.encode(), makers[tag]() if tag in makers else b""

    @staticmethod
    def blob(raw: bytes) -> bytes:
        return struct.pack(">i", len(raw)) + raw + b"\0" * (-len(raw) % 4)

    def timetag(self) -> int:
        """At once, about now, far off, or none that can be."""
        chosen = self.random.random()
        if chosen < 0.5:
            return 1
        if chosen < 0.9:
            ahead = self.random.choice(
                (-3600.0, -1.0, -0.01, 0.01, 0.05, 0.3, 5.0, 29.0, 31.0, 1e6)
            )
            return int((self.now + ahead + NTP) * 2**32) % 2**64
        return self.random.choice((0, 2, 2**63, 2**64 - 1))

    def bundle(self, depth: int = 0) -> bytes:
        elements = []
        for _ in range(self.random.choice((0, 1, 1, 2, 3, 6))):
            deeper = depth < 3 and self.random.random() < 0.2
            elements.append(self.bundle(depth + 1) if deeper else self.message())
        return self.bundled(elements)

    def bundled(self, elements: Sequence[bytes]) -> bytes:
        return (
            b"#bundle\0"
            + struct.pack(">Q", self.timetag())
            + b"".join(struct.pack(">i", len(one)) + one for one in elements)
        )

    def bomb(self) -> bytes:
        """Deep, or many, or long."""
        chosen = self.random.randrange(5)
        made = self.message()
        if chosen == 0:
            for _ in range(self.random.choice((7, 8, 9, 200))):
                made = self.bundled([made])
            return made
        if chosen == 1:
            return self.bundled([made] * self.random.choice((100, 1023, 1024, 1025)))[:65_000]
        if chosen == 2:
            return (
                padded(b"/vj/prompt/a")
                + padded(b",s")
                + padded(b"gold " * self.random.choice((2000, 2001, 12_000)))
            )
        if chosen == 3:
            return padded(b"/vj/" + b"?*" * 500) + padded(b",f") + struct.pack(">f", 0.5)
        return padded(b"/vj/seed/a") + padded(b"," + b"i" * 70) + b"\0\0\0\1" * 70

    def broken(self, made: bytes) -> bytes:
        """The same with something wrong; once in a while with several things."""
        for _ in range(self.random.choice((1, 1, 1, 2, 5))):
            made = self.random.choice(self._breaks)(self, made)
        return made[:65_000]

    def _flip(self, made: bytes) -> bytes:
        if not made:
            return made
        place = self.random.randrange(len(made))
        return (
            made[:place] + bytes([made[place] ^ 1 << self.random.randrange(8)]) + made[place + 1 :]
        )

    def _cut(self, made: bytes) -> bytes:
        return made[: self.random.randrange(len(made) + 1)]

    def _length(self, made: bytes) -> bytes:
        """Where a size may stand, another one does."""
        if len(made) < 20:
            return made
        place = 16 if made.startswith(b"#bundle") else 4 * self.random.randrange(len(made) // 4)
        size = self.random.choice(
            (-4, -1, 0, 1, 3, 4, 8, len(made), len(made) - 20, 2**31 - 1, -(2**31))
        )
        return made[:place] + struct.pack(">i", size) + made[place + 4 :]

    def _tags(self, made: bytes) -> bytes:
        """Type tags that the arguments are not of, or that are none."""
        place = made.find(b",")
        if place < 0:
            return made
        more = bytes(
            self.random.choice(b"ifsbhdtcrmTFNI[]Zx\x80")
            for _ in range(self.random.randrange(1, 5))
        )
        return made[: place + 1] + more + made[place + 1 + self.random.choice((0, len(more))) :]

    def _insert(self, made: bytes) -> bytes:
        place = self.random.randrange(len(made) + 1)
        return (
            made[:place]
            + self.random.choice((b"\0", b"\0\0\0\0", b"/", b",", self.random.randbytes(4)))
            + made[place:]
        )

    def _drop(self, made: bytes) -> bytes:
        place, count = self.random.randrange(len(made) + 1), self.random.randrange(1, 9)
        return made[:place] + made[place + count :]

    def _splice(self, made: bytes) -> bytes:
        """The beginning of one and the end of another."""
        one, two = (
            self.random.randrange(len(made) + 1),
            self.random.randrange(len(self._before) + 1),
        )
        return made[:one] + self._before[two:]

    def _again(self, made: bytes) -> bytes:
        return made * self.random.choice((2, 3)) if len(made) < 20_000 else made

    def _pattern(self, made: bytes) -> bytes:
        """Something in the address that stands for something else, or that no address has."""
        end = made.find(b"\0")
        if not made.startswith(b"/") or end < 1:
            return made
        place = self.random.randrange(1, end + 1)
        return (
            padded(made[:place] + self.random.choice(PIECES) + made[place:end])
            + made[end + 4 - end % 4 :]
        )

    _breaks = (
        _flip,
        _flip,
        _cut,
        _length,
        _length,
        _tags,
        _tags,
        _insert,
        _drop,
        _splice,
        _again,
        _pattern,
    )
