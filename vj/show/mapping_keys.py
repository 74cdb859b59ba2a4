"""Names the mappings of a show file, so that one can be changed that is seen elsewhere."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from vj.show.load import included_files
from vj.show.mapping_section import MappingRule
from vj.show.parse import parse, plain_tree


def mapping_key(rule: MappingRule) -> str:
    """A name for a mapping: the same for the same control, target and settings, however they are
    written; twelve hexadecimal digits."""
    said = {name: str(value) for name, value in rule.model_dump(exclude_defaults=True).items()}
    text = json.dumps(said, sort_keys=True)
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()[:12]


def keys_in(section: Any) -> Iterator[tuple[int, str]]:
    """(index, key) of each mapping of a file's plain section `mappings`; what is faulty is passed
    over."""
    for index, entry in enumerate(section if isinstance(section, list) else ()):
        try:
            yield index, mapping_key(MappingRule.model_validate(entry))
        except ValidationError:
            continue


def mapping_files(path: Path) -> dict[str, Path]:
    """The file of each mapping, by its key: a show's own or one that it includes; its own where
    both have the same one. Raises Fault for a show that cannot be read."""
    found: dict[str, Path] = {}
    for file in (*included_files(path), path):
        plain = plain_tree(parse(file.read_bytes(), file), str(file))
        found |= dict.fromkeys((key for _, key in keys_in(plain.get("mappings"))), file)
    return found
