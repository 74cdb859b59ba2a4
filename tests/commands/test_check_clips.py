"""`check`: moments of clips that lie behind their ends."""

from __future__ import annotations

from tests.commands.conftest import Check

SHOW = """\
source: drawn:kiss
sources:
  kiss: drawn:kiss
  drive: drawn:drive
  list: clips:drawn:kiss,drawn:crash
model: none
marks:
  lips: 0:01
  late: 1:40
  drive: {on: 0:01, off: 2:00}
cues: [{name: hit, set: {strength: 1}}]
timeline:
  - {at: 0:01, on: clip, cue: hit}
  - {at: 1:00, on: clip, clip: kiss, cue: hit}
curves:
  - {to: strength, on: clip, points: [[0:00, 0], [3:00, 1]]}
cuts:
  - {source: drive, at: 0:01}
  - {source: drive, at: 3:00}
"""


def warnings(messages: list[str]) -> dict[int, str]:
    lines = [one.removeprefix("warning: my.yaml:") for one in messages if "is behind" in one]
    return {int(line.partition(":")[0]): line for line in lines}


def test_moments_behind_a_clips_end_are_warned_of_each_at_its_line(look: Check) -> None:
    code, wrong, messages = look(SHOW)
    assert (code, wrong) == (0, [])
    found = warnings(messages)
    assert sorted(found) == [9, 10, 14, 16, 19]
    assert "1:40 is behind the end of the show's source, 0:08: the mark is never" in found[9]
    assert "2:00 is behind the end of drive" in found[10]
    assert "never fired" in found[14]
    assert "3:00 is behind the end of each clip" in found[16]
    assert "the last picture" in found[19]


def test_nothing_is_said_where_a_clip_may_be_longer(look: Check) -> None:
    """A file that is not there: that is told, and no more."""
    code, wrong, messages = look(SHOW.replace("source: drawn:kiss", "source: gone.mp4", 1))
    assert code == 1
    assert len(wrong) == 1
    assert sorted(warnings(messages)) == [10, 14, 19], "not those of any clip"
