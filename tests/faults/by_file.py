"""What happens to files: the show's, the source's, the recording's."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import time
from pathlib import Path

import av

from tests.faults.fault import Fault, Skipped, during
from tests.faults.stage import Stage
from tests.fuzz.show_edits import VALUES
from tests.sources.test_sources import write_clip
from vj.app.film_progress import size_of
from vj.core.frame import Size

STANDS = frozenset({"frozen"})
"""The source is gone: its last picture may stand."""
SMALL_DISK = 3_000_000
"""Bytes of a disk that is soon full."""


def empty(stage: Stage) -> None:
    stage.path.write_bytes(b"")


def half(stage: Stage) -> None:
    text = stage.path.read_bytes()
    stage.path.write_bytes(text[: len(text) * 2 // 3] + b": [")


def garbage(stage: Stage) -> None:
    stage.save(random.Random(1).randbytes(4000))


def odd_value(stage: Stage) -> None:
    stage.save(
        stage.path.read_text()
        + "mappings: [{osc: /x, to: strength, range: [.nan, "
        + "9" * 400
        + "]}]\n"
    )


def odd_values(stage: Stage) -> str:
    """Whatever a person may leave behind a colon."""
    chosen = random.Random(3).sample(VALUES, 12)
    text = stage.path.read_text()
    for value in chosen:
        stage.save(text.replace("strength: 0.5", f"strength: {value}", 1))
        time.sleep(0.3)
    return f"{len(chosen)} values"


def folder_instead(stage: Stage) -> None:
    stage.path.unlink()
    stage.path.mkdir()
    time.sleep(1)
    stage.path.rmdir()


def twenty_saves(stage: Stage) -> str:
    for number in range(20):
        stage.save(start={**stage.show["start"], "delta": round(0.5 + number / 100, 2)})
        time.sleep(0.1)
    assert stage.stands("delta", 0.69), (
        f"the last of 20 saves is not what plays: {stage.ask('delta')}"
    )
    return "the last one plays"


def keeps_a_hand(stage: Stage) -> str:
    """A save does not take back what a hand has moved."""
    stage.send("/vj/mask/feather", 0.77)
    assert stage.stands("mask/feather", 0.77)
    stage.save(start={**stage.show["start"], "delta": 0.33})
    assert stage.stands("delta", 0.33)
    assert stage.stands("mask/feather", 0.77), "the save took back what a hand had moved"
    return "what a hand has moved stays"


def put_back(stage: Stage) -> None:
    """The right show again. Where it is the one that plays, nobody says anything."""
    since, start = time.monotonic(), stage.show["start"]
    changed = "delta" in start or stage.show["source"] != "testcard"
    stage.save(source="testcard", start={k: v for k, v in start.items() if k != "delta"})
    if changed:
        stage.waits_for("saved", 4, since)


def _source(stage: Stage, uri: str, words: str = "changed: .*source") -> None:
    since = time.monotonic()
    stage.save(source=uri)
    assert stage.waits_for(words, 15, since), (
        f"the source {uri} is not taken: {stage.said(since)[-4:]}"
    )


def testcard(stage: Stage) -> None:
    """The source of every other fault."""
    if stage.show["source"] != "testcard":
        _source(stage, "testcard")


def _clip(stage: Stage) -> Path:
    clip = stage.folder / "clip.mp4"
    if not clip.exists():
        write_clip(clip, 50, Size(256, 256))
    return clip


def clip_deleted(stage: Stage) -> str:
    clip = _clip(stage)
    _source(stage, f"video:{clip}")
    clip.unlink()
    time.sleep(3)
    return "it plays on from the open file" if stage.ask("strength") is not None else ""


def clip_becomes_garbage(stage: Stage) -> None:
    clip = _clip(stage)
    _source(stage, f"video:{clip}")
    size = clip.stat().st_size
    with clip.open("r+b") as file:
        file.write(random.Random(2).randbytes(size))
    time.sleep(3)
    clip.unlink()


def source_missing(stage: Stage) -> None:
    text = stage.path.read_text().replace("source: testcard", "source: video:not/there.mp4")
    assert "not/there" in text
    stage.save(text)


def _recorded(stage: Stage) -> list[Path]:
    return sorted((stage.folder / "takes").rglob("*.m*"))


def frames_in(path: Path) -> int:
    """How many pictures of a movie can be read; as many as a player would show."""
    count = 0
    with av.open(str(path)) as movie:
        try:
            for _ in movie.decode(video=0):
                count += 1
        except av.error.FFmpegError:
            pass  # the end of a file that was cut off
    return count


def recording(stage: Stage) -> str:
    """Begun and ended: it plays."""
    stage.send("/vj/record", 1)
    time.sleep(2)
    stage.send("/vj/record", 0)
    assert stage.waits_for("recorded", 5), "nobody said that it was recorded"
    count = frames_in(_recorded(stage)[-1])
    assert count > 3, f"{count} pictures in it"
    return "the recording plays"


def recording_folder_removed(stage: Stage) -> str:
    since = time.monotonic()
    stage.send("/vj/record", 1)
    assert stage.waits_for("record", 5, since) or _recorded(stage)
    time.sleep(1)
    moment = time.monotonic()
    shutil.rmtree(stage.folder / "takes")
    line = stage.waits_for("not there any more|gone|failed", 3, moment)
    took = time.monotonic() - moment
    stage.send("/vj/record", 0)
    time.sleep(0.5)
    assert line, "nobody said that the recording's folder is gone"
    return f"“{line}” after {took:.1f} s"


def small_disk(stage: Stage, name: str) -> Path:
    """A disk that is soon full, below the stage's folder. Raises Skipped."""
    if os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() != 0:
        raise Skipped("needs root to mount a small disk")
    place = stage.folder / name
    place.mkdir(exist_ok=True)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK}", "none", str(place)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Skipped(f"no small disk can be mounted here ({done.stderr.strip()[:80]})")
    stage.finally_(lambda: subprocess.run(["umount", "-l", str(place)], check=False))
    return place


def disk_full(stage: Stage) -> str:
    """While a recording is written."""
    disk = small_disk(stage, "takes")
    stage.begin()
    stage.send("/vj/record", 1)
    time.sleep(1.5)
    moment = time.monotonic()
    (disk / "filler").write_bytes(b"\0" * max(0, SMALL_DISK - size_of([disk]) - 60_000))
    line = stage.waits_for("(?i)no space|failed", 15, moment)
    took = time.monotonic() - moment
    _plays_on(stage)
    code, seconds = stage.end()
    assert line, f"nobody said that the disk is full: {stage.said()[-4:]}"
    assert code == 0, f"it ended with {code}"
    assert seconds < 3, f"it took {seconds:.1f} s to end"
    return f"“{line}” after {took:.1f} s; ended in {seconds:.1f} s"


def take_on_a_full_disk(stage: Stage) -> str:
    """While a take is written down."""
    disk = small_disk(stage, "takes")
    stage.begin()
    (disk / "filler").write_bytes(b"\0" * (SMALL_DISK - 60_000))
    moment = time.monotonic()
    stage.send("/vj/take/start", 1)
    for number in during(stage, 8, 0.001):
        stage.send("/vj/prompt/b", f"{number} " + "gold " * 1900)
        if number % 200 == 0 and stage.waits_for("(?i)no space|full", 0, moment):
            break
    line = stage.waits_for("(?i)no space|full", 3, moment)
    _plays_on(stage)
    code, seconds = stage.end()
    assert line, f"nobody said that the disk is full: {stage.said(moment)[-4:]}"
    assert code == 0, f"it ended with {code}"
    return f"“{line}”; ended in {seconds:.1f} s"


def _plays_on(stage: Stage) -> None:
    assert stage.alive, f"it has ended: {stage.said()[-5:]}"
    assert stage.eye is not None
    assert stage.eye.wait(3, 5), "no picture comes any more"


FILE_FAULTS = (
    Fault(
        "show-empty",
        "the show file is saved empty",
        empty,
        "is empty; the running show goes on",
        undo=put_back,
    ),
    Fault(
        "show-half",
        "half of the show file is there",
        half,
        "goes on as it was",
        undo=put_back,
        quick=True,
    ),
    Fault(
        "show-garbage",
        "the show file is saved as garbage",
        garbage,
        "not UTF-8|not YAML",
        undo=put_back,
    ),
    Fault(
        "show-odd-value",
        "a value of 400 digits and one that is none",
        odd_value,
        r"show\.yaml:\d+: ",
        undo=put_back,
        quick=True,
    ),
    Fault(
        "show-odd-values",
        "whatever may stand behind a colon, one after the other",
        odd_values,
        undo=put_back,
    ),
    Fault("show-folder", "a folder stands where the show file was", folder_instead, undo=put_back),
    Fault("saves-20", "twenty good saves in two seconds", twenty_saves, "saved", undo=put_back),
    Fault(
        "save-keeps-hands",
        "a save while a hand has moved something else",
        keeps_a_hand,
        "saved",
        undo=put_back,
        quick=True,
    ),
    Fault(
        "source-missing",
        "a save names a source that is not there",
        source_missing,
        "not/there",
        undo=put_back,
        may=STANDS,
    ),
    Fault("clip-deleted", "the playing clip is deleted", clip_deleted, undo=testcard, may=STANDS),
    Fault(
        "clip-garbage",
        "the playing clip's bytes become garbage",
        clip_becomes_garbage,
        undo=testcard,
        may=STANDS,
    ),
    Fault("recording", "a recording is begun and ended", recording, "recorded"),
    Fault(
        "recording-folder", "the folder of a running recording is removed", recording_folder_removed
    ),
    Fault("disk-full", "the disk is full while a recording is written", disk_full, own=True),
    Fault(
        "take-disk-full", "the disk is full while a take is written", take_on_a_full_disk, own=True
    ),
)
