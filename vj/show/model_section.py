"""The section `model:` of a show file: the model's name, and the parts it is extended with."""

from __future__ import annotations

import re
from pathlib import Path, PurePath
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from vj.core.errors import Fault
from vj.show.section import KeyPath, PlacedFaults, Section


def as_list(value: object) -> object:
    return value if isinstance(value, list) else [value]


def check_home(value: str) -> str:
    """Check a text that may be a path: a home folder at its beginning must exist."""
    if value.startswith("~"):
        try:
            PurePath(Path(value).expanduser())
        except RuntimeError:
            raise ValueError(
                f"{value}: there is no such user; write ~/ for your own home folder"
            ) from None
    return value


def check_picture_file(value: str) -> str:
    """Check the name of a picture, or of a folder of them."""
    if not value.strip():
        raise ValueError("no value is given; the name of a picture would be right, such as a.jpg")
    if "://" in value:
        raise ValueError(
            f"{value[:80]}: is an address, and pictures are files here; save it beside the show, "
            "and write its name"
        )
    return check_home(value)


PictureFiles = Annotated[
    list[Annotated[str, AfterValidator(check_picture_file)]], BeforeValidator(as_list)
]
"""Names of pictures, or of folders of them."""


def _file(value: object) -> object:
    return {"file": value} if isinstance(value, str) else value


class LoraSection(Section):
    """A LoRA of the show's model, played by lora/NAME. Its file alone may stand instead; the name
    is then that of the file."""

    file: str
    name: str = ""
    weight: float = Field(1.0, ge=0, le=2)

    @model_validator(mode="after")
    def _named(self) -> LoraSection:
        name = self.name or PurePath(self.file).stem
        if re.fullmatch(r"[A-Za-z0-9_-]+", name) is None:
            fitting = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-") or "ink"
            raise PlacedFaults(
                [
                    (
                        ("name",),
                        Fault(
                            f"{name}: a LoRA's name is made of letters, digits, - and _, such as "
                            f"name: {fitting}"
                        ),
                    )
                ]
            )
        object.__setattr__(self, "name", name)
        return self


class EmbeddingSection(Section):
    """A textual inversion. Its file alone may stand instead; the token is then that in the file, or
    the file's name."""

    file: str
    token: str | None = None


def _guided(value: object) -> object:
    return {"model": value} if isinstance(value, str) else value


class GuidedSection(Section):
    """A ControlNet or T2I-Adapter of the show's model. Its folder or id alone may stand instead; it
    is led by depth if its name says so, else by lines."""

    model: str
    guide: Literal["lines", "edges", "depth", "face", "body"] = "lines"

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, given: Any) -> Any:
        named = isinstance(given, dict) and isinstance(given.get("model"), str)
        if (
            named
            and given.get("guide") is None
            and "depth" in PurePath(given["model"]).name.lower()
        ):
            return {**given, "guide": "depth"}
        return given


def _each_once(value: list[GuidedSection]) -> list[GuidedSection]:
    guides = [part.guide for part in value]
    faults: list[tuple[KeyPath, Fault]] = [
        (
            (index,),
            Fault(
                f"guide {guide}: leads another one, too; each needs a guide of its own, "
                f"since control/{guide} is the fader of its kind"
            ),
        )
        for index, guide in enumerate(guides)
        if guide in guides[:index]
    ]
    if faults:
        raise PlacedFaults(faults)
    return value


GuidedParts = Annotated[
    list[Annotated[GuidedSection, BeforeValidator(_guided)]],
    BeforeValidator(as_list),
    AfterValidator(_each_once),
]
"""Several at once, each with a guide of its own."""


class ModelSection(Section):
    """`model:` written out. `name` alone may stand instead of the section."""

    name: Annotated[str, AfterValidator(check_home)] = "pocket"
    vae: str = "auto"
    lcm_lora: str = "auto"
    device: str = "auto"
    dtype: Literal["auto", "float32", "float16", "bfloat16"] = "auto"
    speed: Literal["auto", "eager", "graph", "compile", "tensorrt"] = "auto"
    allow_pickle: bool = False
    config: str | None = None
    loras: Annotated[
        list[Annotated[LoraSection, BeforeValidator(_file)]], BeforeValidator(as_list)
    ] = Field(default=[])
    embeddings: Annotated[
        list[Annotated[EmbeddingSection, BeforeValidator(_file)]], BeforeValidator(as_list)
    ] = Field(default=[])
    controlnet: GuidedParts = Field(default=[])
    t2i_adapter: GuidedParts = Field(default=[])
    ip_adapter: str | None = None
    image_encoder: str | None = None
    image_prompts: PictureFiles = Field(default=[])
    style_pictures: PictureFiles = Field(default=[])

    @model_validator(mode="after")
    def _together(self) -> ModelSection:
        """Check parts that need each other, and duplicate names."""
        faults: list[tuple[KeyPath, Fault]] = []
        for key, rules in (
            ("loras", [lora.name for lora in self.loras]),
            ("embeddings", [word.token for word in self.embeddings]),
        ):
            for index, name in enumerate(rules):
                if name is not None and name in rules[:index]:
                    faults.append(
                        (
                            (key, index),
                            Fault(f"{name}: appears twice in {key}; each needs a name of its own"),
                        )
                    )
        if self.ip_adapter is not None and self.image_encoder is None:
            faults.append(
                (
                    ("ip_adapter",),
                    Fault(
                        "ip_adapter: needs image_encoder: FOLDER, the vision model it was trained "
                        "with"
                    ),
                )
            )
        if self.image_prompts and self.ip_adapter is None:
            faults.append(
                (
                    ("image_prompts",),
                    Fault(
                        "image_prompts: need ip_adapter: FILE, which turns pictures into prompts"
                    ),
                )
            )
        if self.style_pictures and self.name != "picture":
            faults.append(
                (
                    ("style_pictures",),
                    Fault(
                        "style_pictures: are for name: picture, the model whose style is any "
                        f"picture, and not for {self.name}"
                    ),
                )
            )
        if faults:
            raise PlacedFaults(faults)
        return self


def as_model(value: object) -> object:
    if isinstance(value, str) and not value.strip():
        raise ValueError(
            "the name is missing; none shows the input as it is, pocket and drawn are built in"
        )
    return {"name": value} if isinstance(value, str) else value
