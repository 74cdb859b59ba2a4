"""Changes show files, and keeps their comments.

The new file is parsed before it replaces the old one, and compared with the intended values: a
prompt may look like anything, `?? who is there` and `- x` too. A file is replaced atomically, or
not touched.
"""

from __future__ import annotations

import contextlib
import io
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from vj.core.errors import Fault
from vj.show.kept_text import spliced
from vj.show.load import show_of
from vj.show.parse import parse, plain_tree

Written = TypeVar("Written")

TRIES = 5


class ConcurrentSave(Fault):
    """The file was saved by another program meanwhile."""


def writer() -> YAML:
    """What writes a file as it was read."""
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = 140
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.brace_single_entry_mapping_in_flow_sequence = True  # [two, {at: 3}], not [two, at: 3]
    return yaml


def open_tree(path: Path) -> tuple[CommentedMap, bytes]:
    """A file's tree with its comments, and the bytes that were read. Raises Fault."""
    try:
        read = path.read_bytes()
        tree = writer().load(read.decode("utf-8-sig"))
    except Exception as error:  # any error of YAML, the disk or the text's encoding
        raise Fault(f"{path}: cannot be read ({error}); nothing is written") from None
    return CommentedMap() if tree is None else tree, read


def text_of(tree: CommentedMap, path: Path) -> str:
    """A tree as text. path: names it in faults. Raises Fault."""
    made = io.StringIO()
    try:
        writer().dump(tree, made)
        made.getvalue().encode("utf-8")
    except Exception as error:  # whatever the emitter cannot write, lone surrogates among it
        raise Fault(
            f"{path}: cannot be written as YAML ({type(error).__name__}: {error}); nothing is "
            "written"
        ) from None
    return made.getvalue()


def save_tree(path: Path, tree: CommentedMap, read: bytes) -> bytes:
    """`save_text` of the tree's own text, in which sections that are as they were keep theirs."""
    return save_text(path, kept(path, text_of(tree, path), tree, read), tree, read)


def kept(path: Path, text: str, tree: CommentedMap, read: bytes) -> str:
    """The text of a changed tree with what has not changed as it was `read`, unless that would say
    something else: an anchor may stand in another section."""
    intended = plain_tree(tree, str(path))
    try:
        old = plain_tree(parse(read, path), str(path))
        kept = spliced(
            read.decode("utf-8-sig").replace("\r\n", "\n"),
            text,
            writer().compose,
            lambda name: name not in old or not _equal(old[name], intended.get(name)),
        )
        if kept is not None:
            again = plain_tree(parse(kept.encode(), path), str(path))
            return kept if _equal(again, intended) else text
    except (Fault, YAMLError):
        pass
    return text


def save_text(path: Path, text: str, tree: CommentedMap, read: bytes) -> bytes:
    """Verify that a text says what the tree does and is a valid show, then replace the file
    atomically, unless it was saved by another program since it was `read`. Returns the bytes
    written. Raises ConcurrentSave, and Fault, with the file unchanged."""
    raw = text.encode("utf-8")
    if b"\r\n" in read:
        raw = raw.replace(b"\n", b"\r\n")

    def check(there: bytes) -> None:
        verify(path, there, tree)
        if path.read_bytes() != read:
            raise ConcurrentSave(
                f"{path}: was saved by somebody else at the same moment; nothing is written"
            )

    try:
        _replace(path.resolve(), raw, check)
    except OSError as error:
        raise Fault(f"{path}: cannot be written ({error.strerror}); nothing is written") from None
    return raw


def create(path: Path, text: str, tree: CommentedMap) -> bytes:
    """Write a new file, or in place of one, and its folder if it is missing; verified as by
    `save_text`. Returns the bytes written. Raises Fault."""
    raw = text.encode("utf-8")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path.resolve(), raw, lambda there: verify(path, there, tree))
    except OSError as error:
        raise Fault(f"{path}: cannot be written ({error.strerror}); nothing is written") from None
    return raw


def retry(write: Callable[[], Written]) -> Written:
    """Read, change and write; retry when an editor saved the file meanwhile, whose changes are
    kept. Raises Fault."""
    for _ in range(TRIES - 1):
        try:
            return write()
        except ConcurrentSave:
            continue
    return write()


def verify(path: Path, there: bytes, tree: CommentedMap) -> None:
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


def _replace(path: Path, raw: bytes, check: Callable[[bytes], None]) -> None:
    """Replace a file atomically, with its permissions. check: called with the bytes read back from
    the disk; raises to reject them. Raises OSError, and what `check` raises."""
    part = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        with part.open("wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
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


def flow(values: dict[str, Any]) -> CommentedMap:
    """A mapping in flow style, `{name: value, ...}`."""
    made = CommentedMap({quoted(key): quoted(value) for key, value in values.items()})
    made.fa.set_flow_style()
    return made


def quoted(value: Any) -> Any:
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


def recipe_in(tree: CommentedMap, kind: str | None) -> dict[str, Any]:
    """One of a show's recipes in its file's tree, to be changed; an empty one where there is
    none."""
    recipes = tree.get("with")
    recipe = recipes.get(kind) if isinstance(recipes, dict) else None
    return recipe if isinstance(recipe, dict) else {}
