"""The schema of a show file."""

from __future__ import annotations

from pathlib import PurePath
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PrivateAttr,
    field_validator,
    model_validator,
)

from vj.core.errors import Fault, nearest
from vj.core.frame import Aspect, Size
from vj.core.kinds import FLOW_KINDS, UPSCALE_KINDS
from vj.parameters.colours import parse_ramp
from vj.parameters.rows.background import PLACES
from vj.parameters.rows.generation import TAKEN_FROM
from vj.parameters.table import (
    ROWS,
    TABLE,
    Table,
    lora_row,
    macro_row,
    modulator_row,
    named_row,
    pace_row,
)
from vj.show.cut_section import CutRule, as_cut
from vj.show.dmx_section import DmxRule
from vj.show.effects_section import EffectRule, as_effect, check_effects, effect_rows
from vj.show.idle_section import IdleRule
from vj.show.lights_section import LightRules, light_faults
from vj.show.macro_section import MacroRule
from vj.show.mapping_section import MappingRule
from vj.show.marks_section import Marks
from vj.show.midi_section import MidiRule
from vj.show.model_section import ModelSection, PictureFiles, as_list, as_model, check_home
from vj.show.modulator_section import ModulatorRule
from vj.show.names import ChosenName, as_named, model_names, source_names
from vj.show.page_section import PageSection, as_page, check_page, parse_address
from vj.show.prompts_section import SceneRules, scenes_text
from vj.show.recipe_section import (
    RecipeKind,
    RecipeSection,
    laid_over,
    place_in_recipe,
    unknown_names,
)
from vj.show.section import KeyPath, PlacedFaults, Section
from vj.show.sink_section import as_sink, check_places
from vj.show.sound_section import as_sound
from vj.show.sounds_section import SoundRule, as_rule, check_names, rows_of
from vj.show.start_section import SHOW_PARAMETERS, fitted_start
from vj.show.tempo_section import TempoRule
from vj.show.timecode_section import TimecodeRule
from vj.show.timeline_section import CueRule, CurveRule, TimelineRule
from vj.show.validate import check_sequence
from vj.show.written_delay import with_delay
from vj.show.written_values import (
    as_colour,
    as_colours,
    as_midi,
    as_model_file,
    as_osc,
    as_pixels,
    as_size,
    as_source,
    as_tempo,
    as_tile,
    value_error,
)


class OscSection(Section):
    """Where OSC is received, and where replies go. Without `reply` they go to the sender."""

    listen: str = "127.0.0.1:9000"
    reply: str | None = None

    @field_validator("listen", "reply")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        if value is not None:
            parse_address(value)
        return value


class PersonSection(Section):
    """A person model for mask/mode person. `person: FILE.onnx` alone may stand instead of the
    section."""

    model: Annotated[str, AfterValidator(check_home)]
    input: Literal["unit", "signed", "imagenet"] = "unit"


class DepthSection(Section):
    """A depth model. `depth: FILE.onnx` alone may stand instead of the section."""

    model: Annotated[str, AfterValidator(check_home)]
    side: int = Field(252, ge=28, le=1036)
    """See `vj.pipeline.depth_model.SIDE`."""


class Show(Section):
    """A whole show, checked."""

    never_empty: ClassVar[tuple[str, ...]] = ("palette",)

    show: str = "a show without a name"
    size: Annotated[Size | Aspect | Literal["auto"], BeforeValidator(as_size)] = Aspect(1, 1)
    output: Annotated[Size, BeforeValidator(as_pixels)] | None = None
    upscale: str = "auto"
    flow: str = "dis"
    finish: Annotated[list[str], BeforeValidator(as_list)] = Field(default=[])
    tile: Annotated[int | Literal["auto", "whole"], BeforeValidator(as_tile)] = "auto"
    """See `vj.pipeline.tiles`."""
    person: Annotated[PersonSection, BeforeValidator(as_model_file)] | None = None
    depth: Annotated[DepthSection, BeforeValidator(as_model_file)] | None = None
    fps: float = Field(30.0, ge=1, le=240)
    fit: Literal["crop", "pad"] = "crop"
    source: Annotated[
        list[Annotated[str, BeforeValidator(as_source)]], BeforeValidator(as_list)
    ] = Field(["testcard"], min_length=1)
    sources: Annotated[
        dict[ChosenName, Annotated[str, BeforeValidator(as_source)]], BeforeValidator(as_named)
    ] = Field(default={})
    ready: Literal["all", "next"] = "next"
    """Which of `sources` stand open beside those that play: all, or the one that would come
    next."""
    sinks: Annotated[list[Annotated[str, BeforeValidator(as_sink)]], BeforeValidator(as_list)] = (
        Field(["preview"])
    )
    """Each as the text of its rule, see `vj.sinks.rule`."""
    sound: Annotated[str, BeforeValidator(as_sound)] = "source"
    """See `vj.show.sound_section`."""
    sounds: Annotated[
        dict[ChosenName, Annotated[SoundRule, BeforeValidator(as_rule)]],
        AfterValidator(check_names),
    ] = Field(default={})
    mark: bool = True
    model: Annotated[ModelSection, BeforeValidator(as_model)] = ModelSection()
    models: dict[ChosenName, Annotated[ModelSection, BeforeValidator(as_model)]] = Field(default={})
    effects: Annotated[
        list[Annotated[EffectRule, BeforeValidator(as_effect)]],
        BeforeValidator(as_list),
        AfterValidator(check_effects),
    ] = Field(default=[])
    style_pictures: PictureFiles = Field(default=[])
    portraits: PictureFiles = Field(default=[])
    """See `vj.app.portraits`."""
    engine: Literal["stream", "streamdiffusion"] = "stream"
    osc: Annotated[OscSection, BeforeValidator(as_osc)] = OscSection()
    page: Annotated[PageSection, BeforeValidator(as_page)] = PageSection()
    ndi_addresses: Annotated[list[str], BeforeValidator(as_list)] = Field(default=[])
    loop: bool = True
    slow: int = Field(1, ge=1, le=32)
    between: Literal["flow", "rife"] = "flow"
    """What makes the frames between of a rendering."""
    palette: Annotated[
        list[Annotated[str, BeforeValidator(as_colour)]], BeforeValidator(as_colours)
    ] = Field(default=[])
    prompts: SceneRules = Field(default=[])
    """What prompt/position walks through."""
    start: Annotated[dict[str, Any], BeforeValidator(with_delay)] = Field(default={})
    include: Annotated[list[str], BeforeValidator(as_list)] = Field(default=[])

    mappings: list[MappingRule] = Field(default=[])
    macros: dict[str, MacroRule] = Field(default={})
    modulators: list[ModulatorRule] = Field(default=[])
    cues: list[CueRule] = Field(default=[])
    timeline: list[TimelineRule] = Field(default=[])
    curves: list[CurveRule] = Field(default=[])
    timecode: TimecodeRule | None = None
    marks: Marks = Field(default={})
    cuts: list[Annotated[CutRule, BeforeValidator(as_cut)]] = Field(default=[])
    idle: IdleRule | None = None
    tempo: Annotated[TempoRule, BeforeValidator(as_tempo)] = TempoRule()
    midi: Annotated[MidiRule, BeforeValidator(as_midi)] = MidiRule()
    dmx: DmxRule = DmxRule()
    lights: LightRules
    answers: dict[str, str | float] = Field(default={})
    ignored: list[str] = Field(default=[])
    recipes: dict[RecipeKind, RecipeSection] = Field(default={}, alias="with")

    _written: Show | None = PrivateAttr(default=None)
    _recipe: RecipeKind | None = PrivateAttr(default=None)

    @field_validator("flow")
    @classmethod
    def _known(cls, value: str) -> str:
        if value.partition(":")[0] not in FLOW_KINDS:
            raise ValueError(
                f"{value!r}: no such way{nearest(value, FLOW_KINDS)} (dis, farneback, "
                "raft:FILE, nvidia)"
            )
        check_home(value.partition(":")[2])
        return value

    @field_validator("upscale")
    @classmethod
    def _a_way(cls, value: str) -> str:
        if value not in UPSCALE_KINDS and not PurePath(value).suffix:
            raise ValueError(
                f"{value!r}: no such way{nearest(value, UPSCALE_KINDS)} "
                f"({', '.join(UPSCALE_KINDS)}, or a model file)"
            )
        return check_home(value)

    @field_validator("sinks")
    @classmethod
    def _apart(cls, value: list[str]) -> list[str]:
        if faults := check_places(value):
            raise PlacedFaults(faults)
        return value

    @field_validator("palette")
    @classmethod
    def _enough(cls, value: list[str]) -> list[str]:
        value_error(parse_ramp, value)
        return value

    @field_validator("start", mode="after")
    @classmethod
    def _values(cls, value: dict[str, Any]) -> dict[str, Any]:
        """Checked by itself, so that its faults are reported together with those of other
        sections."""
        fitted, faults = fitted_start(
            {name: given for name, given in value.items() if not name.startswith(SHOW_PARAMETERS)},
            TABLE,
        )
        if faults:
            raise PlacedFaults(faults)
        return {
            **fitted,
            **{name: given for name, given in value.items() if name.startswith(SHOW_PARAMETERS)},
        }

    @model_validator(mode="after")
    def _together(self) -> Show:
        """Checks that need the whole show."""
        table = self.table()
        fitted, faults = fitted_start(
            {name: value for name, value in self.start.items() if name.startswith(SHOW_PARAMETERS)},
            table,
        )
        faults = [(("start", *place), fault) for place, fault in faults] + check_sequence(
            self, table
        )
        page, misnamed = check_page(self.page, self.macros, [cue.name for cue in self.cues], table)
        faults += misnamed
        faults += light_faults(self.lights, self.dmx)
        faults += self._recipe_faults(table)
        if faults:
            raise PlacedFaults(faults)
        object.__setattr__(self, "page", page)
        own = {"palette/a": " ".join(self.palette)} if self.palette else {}
        own |= {"prompt/scenes": text} if (text := scenes_text(self.prompts, self.palette)) else {}
        object.__setattr__(self, "start", {**own, **self.start, **fitted})
        return self

    def _recipe_faults(self, table: Table) -> list[tuple[KeyPath, Fault]]:
        """What is wrong with the show once a recipe lies over it, and was not before."""
        before = {(place, str(fault)) for place, fault in check_sequence(self, table)}
        found: list[tuple[KeyPath, Fault]] = []
        for kind, recipe in self.recipes.items():
            start, wrong = fitted_start(recipe.start, table)
            object.__setattr__(recipe, "start", start)
            faults = [(("start", *place), fault) for place, fault in wrong]
            faults += unknown_names(self, recipe)
            show = self.model_copy(update=laid_over(self, recipe))
            faults += [
                (place_in_recipe(place, show, recipe, show.modulator_names()), fault)
                for place, fault in check_sequence(show, table)
                if (place, str(fault)) not in before
            ]
            found += [(("with", kind, *place), fault) for place, fault in faults]
        return found

    @property
    def written(self) -> Show:
        """The show as its file says, without a recipe over it."""
        return self._written or self

    @property
    def recipe(self) -> RecipeKind | None:
        """Which of its recipes lies over the show."""
        return self._recipe

    def with_recipe(self, kind: RecipeKind | None) -> Show:
        """The show with one of its recipes over it; as it is written where there is none of that
        kind."""
        show = self.written
        recipe = None if kind is None else show.recipes.get(kind)
        if recipe is None:
            return show
        made = show.model_copy(update=laid_over(show, recipe))
        made._written, made._recipe = show, kind
        return made

    def table(self) -> Table:
        """All parameters of this show, its macros, modulators, effects and the LoRAs of all its
        models among them; `source`, `deck/b`, `image/from`, `background/source` and `model` take
        the names that it has."""
        models = model_names(self.models, self.model)
        sources = source_names(self.sources, self.source)
        loras = {
            lora.name: lora.weight
            for model in (
                self.model,
                *self.models.values(),
                *(recipe.model for recipe in self.recipes.values()),
            )
            for lora in reversed(model.loras)
        }
        own = [
            *(macro_row(name) for name in self.macros),
            *(modulator_row(name) for name in self.modulator_names()),
            *(
                pace_row(name, pace)
                for name, rule in zip(self.modulator_names(), self.modulators, strict=True)
                for pace in rule.paces
            ),
            *(lora_row(name, weight) for name, weight in loras.items()),
            *rows_of(self.sounds),
            *effect_rows(self.effects),
            *(named_row(name, sources) for name in ("source", "deck/b")),
            named_row("image/from", dict.fromkeys((*TAKEN_FROM, *sources))),
            named_row("background/source", dict.fromkeys((*PLACES, *sources))),
            *(named_row(name, models) for name in ("model", "model/prepare")),
        ]
        return Table((*ROWS, *own))

    def modulator_names(self) -> list[str]:
        """The names of the modulators, in their order; one without a name is called after its kind
        and position: sine1."""
        return [rule.name or f"{rule.word}{place}" for place, rule in enumerate(self.modulators, 1)]
