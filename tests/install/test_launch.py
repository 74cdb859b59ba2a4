"""The one command brings a fresh machine to the first picture, survives being interrupted, and says
what to do when it cannot."""

from __future__ import annotations

import ast
import contextlib
import http.server
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from tests.waiting import until
from vj import environment, fetching, graphics_card, install_plan, install_stamp, installing
from vj.core import fetched

SCRIPT = Path(__file__).resolve().parents[2] / "launch.py"
MODULES = [
    Path(str(module.__file__))
    for module in (
        *(environment, install_plan, graphics_card, install_stamp, installing),
        *(fetching, fetched),
    )
]
"""What launch.py stands on."""
posix = pytest.mark.skipif(os.name == "nt", reason="uses POSIX signals")


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("launch", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


launch = load(SCRIPT)


# The plan for a machine

PINS = {
    "requirements.txt": ["torch==2.13.0", "numpy==2.4.6"],
    "requirements-nodeps.txt": ["streamdiffusion==0.1.1"],
}
REST = [("-r", "requirements.txt"), ("--no-deps", "streamdiffusion==0.1.1")]


def from_index(build: str) -> tuple[str, ...]:
    return ("--index-url", f"{install_plan.PYTORCH_INDEX}/{build}", "torch==2.13.0")


@pytest.mark.parametrize(
    ("platform", "cuda", "torch", "cupy"),
    [
        pytest.param("linux", None, from_index("cpu"), None, id="Linux without a card"),
        pytest.param(
            "linux",
            (12, 8),
            from_index("cu126"),
            "cupy-cuda12x==14.2.0",
            id="Linux, driver of CUDA 12",
        ),
        pytest.param(
            "linux",
            (13, 0),
            ("torch==2.13.0",),
            "cupy-cuda13x==14.2.0",
            id="Linux, driver of CUDA 13",
        ),
        pytest.param(
            "linux",
            (14, 1),
            ("torch==2.13.0",),
            "cupy-cuda13x==14.2.0",
            id="Linux, driver newer than we know",
        ),
        pytest.param("linux", (11, 4), from_index("cpu"), None, id="Linux, driver too old"),
        pytest.param(
            "win32",
            (13, 0),
            from_index("cu130"),
            "cupy-cuda13x[ctk]==14.2.0",
            id="Windows, driver of CUDA 13",
        ),
        pytest.param(
            "win32",
            (12, 6),
            from_index("cu126"),
            "cupy-cuda12x[ctk]==14.2.0",
            id="Windows, driver of CUDA 12",
        ),
        pytest.param("win32", None, ("torch==2.13.0",), None, id="Windows without a card"),
        pytest.param("darwin", None, ("torch==2.13.0",), None, id="Mac"),
    ],
)
def test_each_machine_gets_the_pytorch_and_cupy_that_fit_it(
    platform: str, cuda: tuple[int, int] | None, torch: tuple[str, ...], cupy: str | None
) -> None:
    steps, notes = install_plan.plan(PINS, platform, cuda, lambda url: True)
    assert [step.arguments for step in steps] == [
        torch,
        *REST,
        *([("-c", "requirements.txt", cupy)] if cupy else []),
    ]
    assert [step.layer for step in steps if step.part is None] == ["torch", "packages"], (
        "the rest may fail"
    )
    assert bool(notes) == (cuda is not None and cuda < (13, 0))  # an old driver is worth a word


@pytest.mark.parametrize(
    ("platform", "cuda"),
    [("linux", None), ("linux", (12, 8)), ("win32", (13, 0)), ("darwin", None)],
)
def test_an_index_that_does_not_answer_is_never_named_to_pip(
    platform: str, cuda: tuple[int, int] | None
) -> None:
    steps, notes = install_plan.plan(PINS, platform, cuda, lambda url: False)
    assert steps[0].arguments == ("torch==2.13.0",)
    assert any("did not answer" in note for note in notes) == (cuda is not None)


def test_the_tests_need_more_than_playing(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("# why\n\nnumpy==2.4.6\n")
    (tmp_path / "requirements-test.txt").write_text("pytest==9.2.0\n")
    assert launch.read_pins(tmp_path, "play")["requirements.txt"] == ["numpy==2.4.6"]
    assert "requirements-test.txt" not in launch.read_pins(tmp_path, "play")
    steps, _ = install_plan.plan(
        launch.read_pins(tmp_path, "test"), "linux", None, lambda url: True
    )
    assert [step.layer for step in steps] == ["packages", "tests"]


HEADER = """Fri Dec 19 16:02:55 2025
+-----------------------------------------------------------------------------------------+
| NVIDIA-SMI {:<22} {}     |
+-----------------------------------------+------------------------+----------------------+
| GPU  Name                 Persistence-M | Bus-Id          Disp.A | Volatile Uncorr. ECC |
"""


@pytest.mark.parametrize(
    ("text", "cuda"),
    [
        (HEADER.format("570.124.06", "Driver Version: 570.124.06     CUDA Version: 12.8"), (12, 8)),
        (HEADER.format("580.82.09", "Driver Version: 580.82.09      CUDA Version: 13.0"), (13, 0)),
        (HEADER.format("610.43.02", "KMD Version: 610.43.02     CUDA UMD Version: 13.3"), (13, 3)),
        (HEADER.format("450.57", "Driver Version: 450.57       CUDA Version: 11.0"), (11, 0)),
        (HEADER.format("535.183.01", "Driver Version: 535.183.01     CUDA Version: N/A"), None),
        (
            "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make "
            "sure that ... is running.\n",
            None,
        ),
        ("No devices were found\n", None),
        ("", None),
    ],
)
def test_the_driver_is_read_from_nvidia_smi(text: str, cuda: tuple[int, int] | None) -> None:
    assert graphics_card.cuda_of_header(text) == cuda


@pytest.mark.parametrize(
    ("text", "cuda"),
    [
        (
            "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun May 12 19:39:15 UTC "
            "2024\nGCC version: 12.3\n",
            (12, 0),
        ),
        (
            "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build  "
            "(dvs-builder)\n",
            (13, 0),
        ),
        ("NVRM version: NVIDIA UNIX x86_64 Kernel Module  390.157  Wed Oct 12 2022\n", None),
        ("", None),
    ],
)
def test_without_nvidia_smi_the_kernel_tells_the_driver(
    text: str, cuda: tuple[int, int] | None
) -> None:
    assert graphics_card.cuda_of_driver(text) == cuda


def test_a_package_index_is_asked_before_it_is_used() -> None:
    class Index(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(
                b"<a>torch-2.13.0+cpu.whl</a>"
                if self.path == "/cpu/torch/"
                else b"Please sign in to this network"
            )

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Index) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        assert install_plan.index_answers(f"{url}/cpu")
        assert not install_plan.index_answers(f"{url}/hotel")
        server.shutdown()
    assert not install_plan.index_answers(url)


# What a start compares

CONFIG = (
    f"home = /usr/bin\nversion = {sys.version_info[0]}.{sys.version_info[1]}.1\nexecutable = "
    "/usr/bin/python\n"
)


def test_a_changed_requirement_is_noticed_and_a_comment_is_not(tmp_path: Path) -> None:
    def mark(text: str) -> str:
        (tmp_path / "requirements.txt").write_text(text)
        return launch.fingerprint(launch.read_pins(tmp_path, "play"), tmp_path / ".venv")

    before = mark("numpy==2.4.6\n")
    assert mark("# the newest\nnumpy==2.4.6\n") == before
    assert mark("numpy==2.4.7\n") != before


def test_another_python_or_another_driver_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    venv, tool = tmp_path / ".venv", tmp_path / "nvidia-smi"
    venv.mkdir()
    marks = [launch.fingerprint({}, venv)]
    (venv / "pyvenv.cfg").write_text(CONFIG)
    marks.append(launch.fingerprint({}, venv))
    tool.write_text("driver")
    monkeypatch.setattr(launch, "nvidia_smi", lambda: str(tool))
    marks.append(launch.fingerprint({}, venv))
    os.utime(tool, (1, 1))
    marks.append(launch.fingerprint({}, venv))
    assert len(set(marks)) == 4


def test_a_half_made_environment_is_recognised(tmp_path: Path) -> None:
    venv = tmp_path / ".venv"
    assert launch.flaw(venv) == "no pyvenv.cfg"
    venv.mkdir()
    (venv / "pyvenv.cfg").write_text("home = /usr/bin\n")
    assert launch.flaw(venv) == "no pyvenv.cfg"
    (venv / "pyvenv.cfg").write_text(CONFIG)
    assert launch.flaw(venv) == "no python in it"
    launch.python_of(venv).parent.mkdir()
    launch.python_of(venv).touch()
    assert launch.flaw(venv) == ""
    (venv / "pyvenv.cfg").write_text("version = 3.99.1\nexecutable = /no/such/python3.99\n")
    assert launch.flaw(venv) == "its Python 3.99 is too old or gone"
    (venv / "pyvenv.cfg").write_text(f"version = 3.10.1\nexecutable = {sys.executable}\n")
    assert launch.flaw(venv) == "its Python 3.10 is too old or gone"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"ready": 3, "layers": {}}',
        '{"ready": {}, "layers": {}, "failed": {"ndi": {"when": "x", "key": 1}}}',
    ],
)
def test_a_spoilt_stamp_counts_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / install_stamp.STAMP).write_text(text)
    assert launch.read_stamp(tmp_path) == {"ready": {}, "layers": {}, "failed": {}, "offered": {}}


# When it cannot


def test_an_old_python_is_told_which_one_to_use() -> None:
    for path in (SCRIPT, *MODULES):
        ast.parse(path.read_text(), feature_version=(3, 8))
    with pytest.raises(launch.InstallError, match=r"3\.11 or newer; this is 3\.9"):
        launch.check_python((3, 9))
    launch.check_python((3, 11))


def test_a_python_without_venv_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "ensurepip" else object()
    )
    with pytest.raises(launch.InstallError, match=r"sudo apt install python3\.\d+-venv"):
        launch.make_environment(tmp_path)


def test_a_full_disk_is_told_before_anything_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=0.4e9))
    steps, _ = install_plan.plan(PINS, "darwin", None, lambda url: True)
    with pytest.raises(launch.InstallError, match=r"0\.4 GB of disk left; about 3 GB"):
        launch.install(tmp_path, steps, launch.read_stamp(tmp_path))


def test_a_failed_install_says_what_failed_and_what_to_do() -> None:
    command = [sys.executable, "-m", "pip", "install", "--no-index", "vj-no-such-package==1"]
    with pytest.raises(launch.InstallError) as caught:
        launch.run_or_raise(command, "PyTorch")
    assert "PyTorch could not be installed (exit code 1)" in str(caught.value)
    assert "No matching distribution found for vj-no-such-package==1" in str(caught.value)
    assert str(caught.value).endswith("on Macs with Apple silicon.")


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("OSError: [Errno 28] No space left on device", "Free some disk"),
        (
            "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate "
            "verify failed",
            "PIP_CERT",
        ),
        ("[Errno -3] Temporary failure in name resolution", "Check the network"),
        ("No matching distribution found for torch==2.13.0", "has no build for this Python"),
        ("[WinError 5] Access is denied: 'torch.dll'", "Close what still runs"),
        ("something nobody thought of", "Start again"),
    ],
)
def test_every_trouble_has_a_remedy(said: str, remedy: str) -> None:
    with pytest.raises(launch.InstallError) as caught:
        launch.run_or_raise(
            [sys.executable, "-c", f"print({said!r}); raise SystemExit(2)"], "A package"
        )
    assert (
        str(caught.value).splitlines()[-1].startswith(remedy)
        or remedy in str(caught.value).splitlines()[-1]
    )


# A small project of its own, with the real launch.py and a stand-in for pip where something is to
# be installed

CLI = (
    "import os, sys\nprint('cwd', os.getcwd())\nprint('argv', sys.argv[1:])\nsys.exit(3 if "
    "'fail' in sys.argv else 0)\n"
)
PIP = """
import os, sys, time
log = open(os.path.join(os.path.dirname(__file__), "log"), "a", buffering=1)
mode, _, lacking = os.environ.get("STAND_IN", "").partition(" ")
print("Collecting thing==1", flush=True)  # before the log, on which a test kills who reads this
log.write("start " + " ".join(a for a in sys.argv[1:] if not a.startswith("--")) + "\\n")
if mode == "talks":  # a long download: says something now and then
    for _ in range(300):
        print("still here", flush=True); time.sleep(0.05)
if mode == "slow":
    time.sleep(1.0)
if mode == "silent":  # until it may go on
    while not os.path.exists(os.path.join(os.path.dirname(__file__), "go")):
        time.sleep(0.01)
if mode == "lacks" and any(a.startswith(lacking) for a in sys.argv):
    print("ERROR: No matching distribution found for " + lacking); sys.exit(1)
if mode == "offline" and any(a.startswith(lacking) for a in sys.argv):
    print("NewConnectionError: no route"); sys.exit(1)
if mode == "breaks":
    print("\\n".join(f"line {n}" for n in range(40))); sys.exit(1)
if mode == "network" and log.tell() < 60:
    print("NewConnectionError: no route"); sys.exit(1)
log.write("end\\n")
"""


class Project:
    """A folder with launch.py, a command line that prints what it got, and requirements files of
    the test's choice."""

    def __init__(self, root: Path) -> None:
        self.root, self.venv = root, root / ".venv"
        (root / "vj" / "core").mkdir(parents=True)
        (root / "vj" / "__init__.py").touch()
        (root / "vj" / "core" / "__init__.py").touch()
        (root / "vj" / "cli.py").write_text(CLI)
        shutil.copy(SCRIPT, root)
        for path in MODULES:
            shutil.copy(path, root / path.relative_to(SCRIPT.parent))
        for name in install_plan.FILES:
            (root / name).write_text("# nothing\n")

    @property
    def site(self) -> Path:
        return next(self.venv.glob("[Ll]ib*/**/site-packages"))

    def needs(self, text: str) -> None:
        """Puts a requirement in, and the stand-in for pip."""
        self.run()
        (self.site / "pip").mkdir(exist_ok=True)
        (self.site / "pip" / "__init__.py").touch()
        (self.site / "pip" / "__main__.py").write_text(PIP)
        (self.site / "pip-1.dist-info").mkdir(exist_ok=True)
        (self.site / "pip-1.dist-info" / "INSTALLER").write_text("pip")
        (self.root / "requirements.txt").write_text(text)

    def start(
        self, *arguments: str, mode: str = "", cwd: Path | None = None
    ) -> subprocess.Popen[str]:
        command = [sys.executable, str(self.root / "launch.py"), *arguments]
        environment = {**os.environ, "STAND_IN": mode}
        return subprocess.Popen(
            command,
            cwd=cwd,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *arguments: str, mode: str = "", cwd: Path | None = None) -> tuple[int, str, str]:
        child = self.start(*arguments, mode=mode, cwd=cwd)
        out, err = child.communicate(timeout=100)
        return child.returncode, out, err

    def log(self) -> list[str]:
        with contextlib.suppress(OSError):
            return (self.site / "pip" / "log").read_text().splitlines()
        return []

    def layers(self) -> dict[str, str]:
        return dict(json.loads((self.venv / install_stamp.STAMP).read_text())["layers"])


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "a project")


def test_a_fresh_clone_plays_and_files_stay_relative_to_where_one_stands(
    project: Project, tmp_path: Path
) -> None:
    (tmp_path / "vj").mkdir()  # a folder of that name where one stands does not get in the way
    (tmp_path / "vj" / "__init__.py").write_text("raise SystemExit('the wrong vj')")
    code, out, err = project.run("club.yaml", "--record", "out.mp4", cwd=tmp_path)
    assert (code, out.splitlines()) == (
        0,
        [f"cwd {tmp_path}", "argv ['club.yaml', '--record', 'out.mp4']"],
    )
    assert "making .venv" in err
    assert not list(project.site.glob("pip*"))  # nothing to install, so no pip

    code, out, err = project.run("fail", cwd=tmp_path)
    assert (code, out.splitlines()[1], err) == (3, "argv ['fail']", "")
    assert project.run("--help")[1].splitlines()[1] == "argv ['--help']"
    assert project.run()[1].splitlines()[1] == "argv []"


def test_the_tests_run_from_the_project(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project.root / "pytest.py").write_text(CLI)  # a stand-in
    code, out, _ = project.run("test", "-k", "fail", cwd=tmp_path)
    assert (code, out.splitlines()) == (3, [f"cwd {project.root}", "argv ['-k', 'fail']"])
    for asked in ((), ("--long",)):  # all of them, side by side
        whole = str([*launch.ALL, *asked])
        assert project.run("test", *asked, cwd=tmp_path)[1].splitlines()[1] == f"argv {whole}"
    (project.root / "pytest.py").write_text(
        "import os, sys; print(sys.dont_write_bytecode, os.environ.get('OMP_NUM_THREADS'))"
    )
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    for asked in ((), ("--long",)):
        assert project.run("test", *asked)[1] == "False 1\n"  # nothing is compiled twice
    assert project.run("test", "-x")[1] == "False None\n"
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert project.run("test")[1] == "False 2\n"
    (project.root / "requirements-test.txt").write_text("thing==1\n")
    assert project.run()[2] == ""  # what tests need does not concern a player


@pytest.mark.parametrize("lost", ["pyvenv.cfg", "python", "a python that starts"])
def test_a_damaged_environment_is_made_anew(project: Project, lost: str) -> None:
    project.run()
    python = launch.python_of(project.venv)
    if lost == "pyvenv.cfg":
        (project.venv / lost).unlink()
    else:
        python.unlink()
    if lost == "a python that starts":
        python.write_text("#!/no/such/interpreter\n")
        python.chmod(0o755)
        (project.venv / install_stamp.STAMP).unlink()
    code, out, err = project.run()
    assert (code, len(out.splitlines())) == (0, 2)
    assert "making .venv anew" in err


def test_a_new_requirement_is_installed_once(project: Project) -> None:
    project.needs("thing==1\n")
    _, out, err = project.run()
    assert "  thing==1" in err
    assert out.startswith("cwd")
    project.run()
    assert project.log() == ["start install off -r requirements.txt", "end"]
    project.needs("thing==2\n")
    project.run()
    assert len(project.log()) == 4


def test_a_failed_step_ends_the_start_with_pips_last_lines(project: Project) -> None:
    project.needs("thing==1\n")
    code, out, err = project.run(mode="breaks")
    assert (code, out) == (1, "")
    assert "the packages vj needs could not be installed" in err
    assert "line 39" in err
    assert "line 20" in err
    assert "line 19" not in err
    assert err.rstrip().endswith("start once more.")
    assert project.layers() == {}
    assert project.run()[0] == 0


def test_a_hiccup_of_the_network_is_tried_again(project: Project) -> None:
    project.needs("thing==1\n")
    code, _, err = project.run(mode="network")
    assert code == 0
    assert "once more" in err
    assert len([line for line in project.log() if line.startswith("start")]) == 2


@posix
@pytest.mark.parametrize(("blow", "mode"), [(signal.SIGKILL, "talks"), (signal.SIGINT, "silent")])
def test_an_interrupted_install_goes_on_at_the_next_start(
    project: Project, blow: signal.Signals, mode: str
) -> None:
    project.needs("thing==1\n")
    child = project.start(mode=mode)
    until(project.log)
    child.send_signal(blow)
    _, err = child.communicate(timeout=100)
    assert child.returncode == (130 if blow == signal.SIGINT else -signal.SIGKILL)
    assert blow == signal.SIGKILL or "The next start goes on from here" in err
    assert project.layers() == {}
    code, out, _ = project.run()
    assert (code, len(out.splitlines())) == (0, 2)
    assert list(project.layers()) == ["packages"]
    assert [line.split()[0] for line in project.log()] == [
        "start",
        "start",
        "end",
    ]  # the first pip ended with its launch.py


@posix
def test_a_pip_left_behind_is_waited_for(project: Project) -> None:
    project.needs("thing==1\n")
    child = project.start(mode="silent")
    until(project.log)
    child.kill()
    child.communicate()
    other = project.start(mode="silent")
    assert other.stderr is not None
    assert any("waiting for it" in line for line in other.stderr)
    (project.site / "pip" / "go").touch()
    other.communicate(timeout=100)
    assert [line.split()[0] for line in project.log()] == ["start", "end", "start", "end"]


def test_two_starts_at_once_install_once(project: Project) -> None:
    project.needs("thing==1\n")
    children = [project.start(mode="slow") for _ in range(2)]
    results = [child.communicate(timeout=100) for child in children]
    assert [child.returncode for child in children] == [0, 0]
    assert all(out.startswith("cwd") for out, _ in results)
    assert [line.split()[0] for line in project.log()] == ["start", "end"]


def test_what_an_interrupted_pip_left_is_not_taken_for_installed(project: Project) -> None:
    project.needs("thing==1\n")
    for name in ("whole-1.dist-info", "half-1.dist-info", "~humbled"):
        (project.site / name).mkdir()
        (project.site / name / "METADATA").touch()
    (project.site / "whole-1.dist-info" / "INSTALLER").write_text("pip")
    project.run()
    assert sorted(entry.name for entry in project.site.iterdir()) == [
        "pip",
        "pip-1.dist-info",
        "whole-1.dist-info",
    ]


def test_a_new_card_changes_pytorchs_build(project: Project) -> None:
    project.needs("thing==1\n")
    copy = load(project.root / "launch.py")
    stamp = {"ready": {}, "layers": {"torch": "torch==2.13.0 cpu"}, "failed": {}}
    steps, _ = copy.plan(
        {"requirements.txt": ["torch==2.13.0"]}, "linux", (13, 0), lambda url: True
    )
    copy.install(project.venv, steps[:1], stamp)
    assert project.log() == [
        "start uninstall -y torch",
        "end",
        "start install off torch==2.13.0",
        "end",
    ]
    assert project.layers() == {"torch": "torch==2.13.0 pypi"}


# Windows, where launch.py stays and passes everything through


def test_the_exit_code_comes_back_where_exec_is_of_no_use() -> None:
    before = signal.getsignal(signal.SIGINT)
    assert (
        launch.hand_over(
            [sys.executable, "-c", "raise SystemExit(7)"], dict(os.environ), replace=False
        )
        == 7
    )
    assert signal.getsignal(signal.SIGINT) is before


@pytest.fixture
def waiting_parent(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    (tmp_path / "child.py").write_text(
        "import time\ntry:\n    print('up', flush=True)\n    time.sleep(30)\nexcept "
        "KeyboardInterrupt:\n    raise SystemExit(9)\n"
    )
    program = (
        f"import sys, os; sys.path.insert(0, {str(SCRIPT.parent)!r}); import launch\n"
        f"sys.exit(launch.hand_over([sys.executable, {str(tmp_path / 'child.py')!r}], "
        "dict(os.environ), replace=False))"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program], text=True, stdout=subprocess.PIPE, start_new_session=True
    )
    yield child
    child.kill()
    child.communicate()


@posix
def test_ctrl_c_is_left_to_the_program(waiting_parent: subprocess.Popen[str]) -> None:
    assert waiting_parent.stdout
    assert waiting_parent.stdout.readline() == "up\n"
    os.killpg(waiting_parent.pid, signal.SIGINT)
    assert waiting_parent.wait(timeout=60) == 9
