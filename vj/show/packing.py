"""What a show takes along to another machine: the files that it names, what each is called there,
and the show's own text with those names.

Which keys name files says `vj.show.paths.resolve_with`, as for a show that is played; here the
resolver writes down what it finds. What lies beside the show keeps its place, so that most lines
stay as they are; what lies elsewhere goes into `media/` and `models/`.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

from vj import sources
from vj.core.errors import nearest_file
from vj.show.find import FIRST_SHOW, included_path
from vj.show.moved import put
from vj.show.origins import Origins
from vj.show.parse import ShowFaults, plain_tree
from vj.show.paths import (
    FILE_SOURCES,
    LIST_SOURCES,
    MODEL_WORDS,
    PathResolver,
    exists,
    resolve_with,
)
from vj.show.section import KeyPath
from vj.show.yaml_file import kept, open_tree, text_of
from vj.sources.file_names import found, is_pattern, is_sequence, local, parted

DRAWN = ("testcard", "drawn", "draw", "none")
"""Sources that are made by vj itself."""
MODEL_KEYS = ("model", "name", "vae", "lcm_lora", "controlnet", "t2i_adapter", "image_encoder")
"""Keys whose values may be ids of Hugging Face."""
WALKS = "walks"
"""The folder beside a show with the key pictures of its walks."""


@dataclass
class Pack:
    """What goes along. texts: the show's file and those that it includes, by their names there."""

    show: str
    files: dict[str, Path] = field(default_factory=dict)
    """By their names in the pack, with /."""
    texts: dict[str, bytes] = field(default_factory=dict)
    stays: list[str] = field(default_factory=list)
    """What does not go along, each in a sentence."""

    def sizes(self) -> dict[str, int]:
        """Bytes of everything, by its name, in the order of the names."""
        every = {name: len(raw) for name, raw in self.texts.items()}
        every |= {name: path.stat().st_size for name, path in self.files.items()}
        return dict(sorted(every.items()))

    def stay(self, text: str) -> None:
        if text not in self.stays:
            self.stays.append(text)


class Fetched:
    """What the models' room knows of names: overridden where there is more to know."""

    def snapshot(self, hub_id: str) -> Path | None:
        """The folder of a model of Hugging Face on this machine; None where it was not fetched."""
        return None

    def whole(self, path: Path) -> Path:
        """What has to go along for a model's file: itself, or the folder that it is read with."""
        return path


class PackResolver(PathResolver):
    """Notes what one file names, and what it will be called."""

    def __init__(self, pack: Packer, file: Path, name: str, origins: Origins) -> None:
        """file: that names the rest. name: what it is called in the pack."""
        super().__init__(file.parent, lambda place, text: None)
        self._pack, self._at, self._origins = pack, PurePath(name).parent, origins

    def uri(self, uri: object, place: KeyPath) -> Any:
        """See `PathResolver.uri`; what is no file is told of."""
        kind = uri.partition(":")[0] if isinstance(uri, str) else ""
        if kind in sources.KINDS and kind not in (*FILE_SOURCES, *LIST_SOURCES, *DRAWN):
            self._pack.made.stay(f"{uri} is not a file: it has to be there, too")
        return super().uri(uri, place)

    def file(
        self,
        name: object,
        place: KeyPath,
        must_be_file: bool = True,
        there: Callable[[Path], bool] = exists,
    ) -> Any:
        """What a name is written as in the pack."""
        if not isinstance(name, str) or not name:
            return name
        if "://" in name:
            self._pack.made.stay(f"{name} is an address: it has to be reached from there, too")
            return name
        path = next((one for one in self._places(name) if there(one)), None)
        if path is None:
            return self._unknown(name, place, must_be_file)
        wished = parted(str(path))
        plain = local(wished.plain)
        plays = there is not exists
        pattern = plays and is_pattern(str(plain))
        taken = self._pack.taken(
            plain, "models" if self._is_model(place) else "media", plays, pattern
        )
        seen = PurePath(os.path.relpath(taken, self._at)).as_posix()
        if name.endswith(("/", "\\")) or wished.plain.endswith(("/", "\\")):
            seen += "/"
        return seen + str(path)[len(wished.plain) :]

    def _places(self, name: str) -> list[Path]:
        path = Path(name).expanduser()
        return [path] if path.is_absolute() else [self._folder / path, path]

    @staticmethod
    def _is_model(place: KeyPath) -> bool:
        return place[0] in (
            "model",
            "models",
            "with",
            "person",
            "depth",
            "finish",
            "upscale",
            "flow",
        )

    def _unknown(self, name: str, place: KeyPath, must_be_file: bool) -> str:
        """A name at which nothing is: a model of Hugging Face, a word, or a fault."""
        if must_be_file:
            near = nearest_file(Path(name).expanduser())
            self._pack.faults.append(
                self._origins.report(place, f"{name}: there is no such file{near}", str(place[0]))
            )
            return name
        key = next((str(part) for part in reversed(place) if not isinstance(part, int)), "")
        if not self._is_model(place) or key not in (*MODEL_KEYS, *self._pack.model_names):
            return name
        if name.count("/") != 1 or name in MODEL_WORDS:
            return name
        folder = self._pack.fetched.snapshot(name)
        if folder is None:
            self._pack.made.stay(f"{name} was not fetched here: it is fetched there")
            return name
        return PurePath(
            os.path.relpath(self._pack.folder_as(folder, f"models/{name}"), self._at)
        ).as_posix()


class Packer:
    """Finds out what a show takes along."""

    def __init__(self, path: Path, fetched: Fetched) -> None:
        self.made = Pack(path.name)
        self.fetched = fetched
        self.faults: list[tuple[int, int, str]] = []
        self.model_names: tuple[str, ...] = ()
        """The names of the show's `models:`, which are keys there."""
        self._path, self._folder = path, path.parent.absolute()
        self._names: dict[Path, str] = {}
        """What is packed, by where it lies here."""

    def pack(self) -> Pack:
        """Raises ShowFaults for what is named and not there, each with its line."""
        self._text(self._path, self._path.name)
        if self.faults:
            raise ShowFaults([text for _, _, text in sorted(set(self.faults))])
        return self.made

    def _text(self, path: Path, name: str) -> None:
        """A show, or a file that it includes."""
        tree, read = open_tree(path)
        before = plain_tree(tree, str(path))
        models = before.get("models")
        self.model_names = tuple(map(str, models)) if isinstance(models, dict) else ()
        after = copy.deepcopy(before)
        resolve_with(after, PackResolver(self, path, name, Origins(tree, str(path))))
        included = after.get("include")
        if isinstance(included, str):
            after["include"] = self._included(included)
        elif isinstance(included, list):
            after["include"] = [self._included(str(one)) for one in included]
        raw = read
        if put(tree, before, after):
            raw = kept(path, text_of(tree, path), tree, read).encode()
            raw = raw.replace(b"\n", b"\r\n") if b"\r\n" in read else raw
        self.made.texts[name] = raw
        if name == self.made.show:
            self._rest(before)

    def _included(self, name: str) -> str:
        path = included_path(name, self._path).absolute()
        homes = (self._folder, FIRST_SHOW.parent.absolute())
        home = next((one for one in homes if path.is_relative_to(one)), None)
        packed = f"includes/{path.name}" if home is None else path.relative_to(home).as_posix()
        if packed not in self.made.texts:
            self._text(path, packed)
        return name if packed in (name, f"{name}.yaml") else packed

    def _rest(self, plain: dict[str, Any]) -> None:
        """What belongs to a show without being named: kept walks; and what stays here."""
        walks = self._folder / WALKS
        written = str(plain.get("source")) + str(plain.get("sources"))
        if "walk:" in written and walks.is_dir():
            self.taken(walks, "media", False, False)
        if str(plain.get("sound", "")).startswith("input"):
            self.made.stay(f"sound: {plain['sound']} is live: it has to be there, too")
        sinks = plain.get("sinks")
        for sink in sinks if isinstance(sinks, list) else [sinks]:
            to = str(sink.get("to", "")) if isinstance(sink, dict) else str(sink or "")
            kind, _, rest = to.partition(":")
            if kind == "record" and (rest.startswith("~") or PurePath(rest).is_absolute()):
                self.made.stay(f"{to} records into a folder of this machine")

    def taken(self, path: Path, kind: str, plays: bool, pattern: bool) -> str:
        """Take a file, a folder or what a pattern stands for; returns what it is called. kind: the
        folder for what does not lie beside the show. plays: it is a source."""
        path = Path(os.path.abspath(path))
        whole = path if plays else self.fetched.whole(path)
        if whole != path:
            return f"{self.taken(whole, kind, plays, pattern)}/{path.name}"
        name = self._names.get(path) or self._new_name(path, kind)
        self._names[path] = name
        if pattern:
            above = PurePath(name).parent.as_posix()
            self._all(found(path), path.parent, above)
        elif path.is_dir():
            pictures = plays and is_sequence(str(path))
            files = [*found(path), path / "sound.wav"] if pictures else sorted(_below(path))
            self._all([one for one in files if one.is_file()], path, name)
        else:
            self.made.files[name] = path
            for one in _beside(path):
                self.made.files[f"{PurePath(name).parent.as_posix()}/{one.name}"] = one
        return name

    def folder_as(self, folder: Path, name: str) -> str:
        """Take a folder under a name that is its own; returns it."""
        self._all(sorted(_below(folder)), folder, name)
        return name

    def _all(self, files: list[Path], folder: Path, name: str) -> None:
        for file in files:
            inside = PurePath(name) / file.relative_to(folder).as_posix()
            self.made.files[inside.as_posix()] = file

    def _new_name(self, path: Path, kind: str) -> str:
        if path.is_relative_to(self._folder) and path != self._folder:
            return path.relative_to(self._folder).as_posix()
        used = {name.casefold() for name in self._names.values()}
        beside = self._folder / kind / path.name  # which may go along by that name
        first = [f"{kind}/{path.name}"] if not beside.exists() else []
        others = (f"{kind}/{number}/{path.name}" for number in range(2, 10_000))
        return next(name for name in (*first, *others) if name.casefold() not in used)


def _below(folder: Path) -> Iterator[Path]:
    """All files of a folder but hidden ones; links are followed to files."""
    for one in folder.rglob("*"):
        if one.is_file() and not any(
            part.startswith(".") for part in one.relative_to(folder).parts
        ):
            yield one


def _beside(path: Path) -> list[Path]:
    """What a file of a network has its weights in beside itself, by its usual names."""
    if path.suffix.lower() != ".onnx":
        return []
    names = (f"{path.name}.data", f"{path.name}_data", f"{path.stem}.data")
    return [path.with_name(name) for name in names if path.with_name(name).is_file()]
