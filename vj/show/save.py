"""Writes mappings and cues into a show file, and keeps its comments.

The new file is parsed before it replaces the old one, and compared with the intended values: a
prompt may look like anything, `?? who is there` and `- x` too. A file is replaced atomically, or
not touched.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from vj.core.errors import Fault
from vj.parameters.table import Value
from vj.show.load import included_files, show_of
from vj.show.parse import parse, plain_tree

Written = TypeVar("Written")


def _open(path: Path) -> tuple[YAML, CommentedMap, bytes]:
    """The YAML writer, the tree, and the bytes that were read."""
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = 140
    yaml.indent(mapping=2, sequence=4, offset=2)
    try:
        read = path.read_bytes()
        tree = yaml.load(read.decode("utf-8-sig"))
    except Exception as error:  # any error of YAML, the disk or the text's encoding
        raise Fault(f"{path}: cannot be read ({error}); nothing is written") from None
    return yaml, CommentedMap() if tree is None else tree, read


def _write(path: Path, yaml: YAML, tree: CommentedMap, read: bytes) -> bytes:
    """Verify the new content, then replace the file atomically, unless it was saved by another
    program since it was `read`. Returns the bytes written. Raises _ConcurrentSave, and Fault, with
    the file unchanged."""
    made = io.StringIO()
    try:
        yaml.dump(tree, made)
        raw = made.getvalue().encode("utf-8")
    except Exception as error:  # whatever the emitter cannot write, lone surrogates among it
        raise Fault(
            f"{path}: cannot be written as YAML ({type(error).__name__}: {error}); nothing is "
            "written"
        ) from None
    try:
        if b"\r\n" in read:
            raw = raw.replace(b"\n", b"\r\n")

        def check(there: bytes) -> None:
            _verify(path, there, tree)
            if path.read_bytes() != read:
                raise _ConcurrentSave(
                    f"{path}: was saved by somebody else at the same moment; nothing is written"
                )

        _replace(path.resolve(), raw, check)
    except OSError as error:
        raise Fault(f"{path}: cannot be written ({error.strerror}); nothing is written") from None
    return raw


class _ConcurrentSave(Fault):
    """The file was saved by another program meanwhile."""


TRIES = 5


def _retry(write: Callable[[], Written]) -> Written:
    """Read, change and write; retry when an editor saved the file meanwhile, whose changes are
    kept. Raises Fault."""
    for _ in range(TRIES - 1):
        try:
            return write()
        except _ConcurrentSave:
            continue
    return write()


def _verify(path: Path, there: bytes, tree: CommentedMap) -> None:
    """Check that the written bytes have the intended values, and are a valid show. Raises Fault."""
    try:
        again = parse(there, path)
    except Fault as fault:
        raise Fault(
            f"{path}: what was to be written could not be read again ({fault}); nothing is written"
        ) from None
    if not _equal(plain_tree(again, str(path)), plain_tree(tree, str(path))):
        raise Fault(
            f"{path}: what was to be written would have been read as something else; nothing is "
            "written"
        )
    show_of(again, path)


def _equal(one: Any, two: Any) -> bool:
    """The same values of the same kinds: 1 and 1.0 are, yes and "yes" are not."""
    if isinstance(one, dict) and isinstance(two, dict):
        return one.keys() == two.keys() and all(
            _equal(value, two[key]) for key, value in one.items()
        )
    if isinstance(one, list) and isinstance(two, list):
        return len(one) == len(two) and all(_equal(*pair) for pair in zip(one, two, strict=True))
    for kind in (bool, str, int | float):
        if isinstance(one, kind) or isinstance(two, kind):
            return isinstance(one, kind) and isinstance(two, kind) and bool(one == two)
    return bool(one == two)


def _replace(path: Path, raw: bytes, check: Any) -> None:
    """Replace a file atomically, with its permissions. check: called with the bytes read back from
    the disk; raises to reject them. Raises OSError, and what `check` raises."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(path.stat().st_mode & 0o7777)
        check(part.read_bytes())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    if os.name == "posix":  # flush the folder, too, which holds the rename; an error is harmless
        with contextlib.suppress(OSError):
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)


def _flow(values: dict[str, Any]) -> CommentedMap:
    """A mapping in flow style, `{name: value, ...}`."""
    made = CommentedMap({_quoted(key): _quoted(value) for key, value in values.items()})
    made.fa.set_flow_style()
    return made


def _quoted(value: Any) -> Any:
    """A text in quotes unless it reads the same without: the emitter writes some without that are
    read as something else."""
    if not isinstance(value, str):
        return value
    try:
        bare = len(value) < 100 and YAML(typ="safe").load(
            f"{{{value}: {value}, b: [{value}]}}"
        ) == {value: value, "b": [value]}
    except Exception:  # not YAML at all
        bare = False
    return value if bare else DoubleQuotedScalarString(value)


def _section(tree: CommentedMap, name: str) -> CommentedSeq:
    if not isinstance(tree.get(name), CommentedSeq):
        tree[name] = CommentedSeq(tree.get(name) or [])
    section: CommentedSeq = tree[name]
    section.fa.set_block_style()
    return section


def add_mapping(path: Path, mapping: dict[str, Any]) -> str:
    """Append a line to `mappings:`, or replace the line with the same control and target. Raises
    Fault, with nothing written."""
    return _retry(lambda: _add_mapping(path, mapping))


def _add_mapping(path: Path, mapping: dict[str, Any]) -> str:
    yaml, tree, read = _open(path)
    section = _section(tree, "mappings")
    keys = ("osc", "midi", "key", "device", "to")
    made = _flow(mapping)
    for index, old in enumerate(section):
        if isinstance(old, dict) and all(old.get(key) == mapping.get(key) for key in keys):
            section[index] = made
            break
    else:
        section.append(made)
    _write(path, yaml, tree, read)
    return (
        f"written into {path}: - "
        f"{{{', '.join(f'{key}: {value}' for key, value in mapping.items())}}}"
    )


def write_cues(path: Path, cues: dict[str, dict[str, Value]]) -> str:
    """Write values into `cues:`; an existing cue keeps its fade and other keys. Raises Fault, with
    nothing written."""
    return put_cues(path, cues)[0]


def put_cues(path: Path, cues: dict[str, dict[str, Value]]) -> tuple[str, bytes]:
    """The same. Returns a message, and the file's bytes. A cue of an included file is left out and
    named, since other shows may use it, too."""
    return _retry(lambda: _put_cues(path, cues))


def _put_cues(path: Path, cues: dict[str, dict[str, Value]]) -> tuple[str, bytes]:
    yaml, tree, read = _open(path)
    section = _section(tree, "cues")
    elsewhere = _included_cues(path)
    left = [f"{name} ({elsewhere[name].name})" for name in cues if name in elsewhere]
    cues = {name: values for name, values in cues.items() if name not in elsewhere}
    report = f"{', '.join(cues)} written into {path}" if cues else "nothing is written"
    if left:
        report += f"; {', '.join(left)} is of an included file: store it under another name"
    if not cues:
        return report, read
    for name, values in cues.items():
        old = next(
            (cue for cue in section if isinstance(cue, dict) and cue.get("name") == name), None
        )
        if old is not None:
            old["set"] = _flow(dict(values))
        else:
            made = CommentedMap({"name": _quoted(name), "fade": "1 s", "set": _flow(dict(values))})
            section.append(made)
    return report, _write(path, yaml, tree, read)


def _included_cues(path: Path) -> dict[str, Path]:
    """The cues of included files, and their files."""
    found: dict[str, Path] = {}
    for file in included_files(path):
        for cue in plain_tree(parse(file.read_bytes(), file), str(file)).get("cues") or ():
            if isinstance(cue, dict):
                found[str(cue.get("name"))] = file
    return found
