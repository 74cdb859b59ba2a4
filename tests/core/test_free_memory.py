"""How much memory can be taken, as each system says it."""

from __future__ import annotations

import sys

import pytest

from vj.core.free_memory import MemoryRoom, from_meminfo, from_vm_stat, in_words, memory_room

MEMINFO = "MemTotal:        3884372 kB\nMemFree:  1000 kB\nMemAvailable:    2097152 kB\n"
VM_STAT = """\
Mach Virtual Memory Statistics: (page size of 16384 bytes)
Pages free:                               10000.
Pages active:                            300000.
Pages inactive:                           20000.
Pages speculative:                         3000.
Pages throttled:                              0.
Pages wired down:                        100000.
Pages purgeable:                           1000.
"""


def test_linux_and_macos_say_what_can_be_had() -> None:
    assert from_meminfo(MEMINFO) == MemoryRoom(2097152 * 1024, 3884372 * 1024)
    assert from_meminfo("MemTotal: 3 kB\n") is None
    assert from_vm_stat(VM_STAT, 8 << 30) == MemoryRoom(34000 * 16384, 8 << 30)
    assert from_vm_stat("nothing of the kind", 8 << 30) is None


def test_a_tenth_is_left_and_never_too_little_or_too_much() -> None:
    assert MemoryRoom(2_000_000_000, 4_000_000_000).usable == 1_600_000_000
    assert MemoryRoom(500_000_000, 1_000_000_000).usable == 200_000_000
    assert MemoryRoom(90_000_000_000, 100_000_000_000).usable == 88_500_000_000
    assert MemoryRoom(100_000_000, 1_000_000_000).usable == 0
    assert MemoryRoom(199_000_000, 4_000_000_000).is_short(0.5)
    assert not MemoryRoom(201_000_000, 4_000_000_000).is_short(0.5)


@pytest.mark.skipif(not sys.platform.startswith(("linux", "darwin", "win")), reason="unknown")
def test_this_machine_says_it_too() -> None:
    room = memory_room()
    assert room is not None
    assert 0 < room.free < room.total


def test_bytes_are_said_in_the_unit_that_fits() -> None:
    said = [in_words(count) for count in (0, 15_300_000, 999_000_000, 3_140_000_000)]
    assert said == ["1 MB", "15 MB", "999 MB", "3.1 GB"]
