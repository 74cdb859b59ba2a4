"""What recordings say of how they were made: from the show, and the model that paints."""

from __future__ import annotations

from vj import __version__
from vj.app.replacement import Replacement, do_nothing
from vj.show.model_section import ModelSection
from vj.show.names import model_name
from vj.show.schema import Show
from vj.sinks.mark import Mark, SourceType

UNNAMED: str = Show.model_fields["show"].default
"""What a show without a name is called."""


def mark_of(show: Show, model: ModelSection, painting: bool) -> Mark | None:
    """The mark of what is sent now. model: the one that plays. painting: False while nothing is
    generated and the input passes through, which is no synthetic media. None then, and where the
    show says `mark: off`."""
    if not show.mark or not painting:
        return None
    name = "" if show.show == UNNAMED else show.show
    return Mark(__version__, model_name(model), name, _source_type(show, model))


def _source_type(show: Show, model: ModelSection) -> SourceType:
    """`drawn` paints by rules, every other model was trained; both paint over the source's picture,
    where it has one."""
    alone = show.source[0] == "none"
    if model.name == "drawn":
        return "algorithmicMedia" if alone else "algorithmicallyEnhanced"
    return "trainedAlgorithmicMedia" if alone else "compositeWithTrainedAlgorithmicMedia"


def replace_mark(show: Show, old: Show) -> Replacement | None:
    """The saved show's `mark:`, which recordings ask for themselves; here it is only named."""
    return None if show.mark == old.mark else Replacement(["mark"], do_nothing)
