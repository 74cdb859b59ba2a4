"""`memory/reset: bar`."""

from __future__ import annotations

from tests.control.harness import FPS, ControlHarness


def forgotten(controls: ControlHarness, seconds: float) -> list[float]:
    """When the memory was forgotten, in seconds."""
    moments, count = [], controls.store.sample(controls.now)["memory/forget"]
    begin = round(controls.now * FPS)
    for number in range(begin, begin + round(seconds * FPS)):
        controls.now = (number + 1) / FPS
        now = controls.store.sample(controls.now)["memory/forget"]
        moments += [controls.now] * (now - count)
        count = now
    return moments


def test_with_each_bar_the_memory_is_forgotten() -> None:
    controls = ControlHarness(tempo=120)
    assert forgotten(controls, 5) == []
    controls.store.set("memory/reset", "bar")
    assert forgotten(controls, 5) == [6.0, 8.0, 10.0]
    controls.store.set("memory/reset", "off")
    assert forgotten(controls, 5) == []


def test_panic_forgets_it_too() -> None:
    controls = ControlHarness(tempo=120)
    before = controls.store.sample(0.1)["memory/forget"]
    controls.store.set("panic", True)
    assert controls.store.sample(0.2)["memory/forget"] == before + 1
    assert controls.store.sample(0.3)["memory/forget"] == before + 1
