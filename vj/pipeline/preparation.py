"""All that is made of a frame before the model: both decks prepared to size and mixed, the mask,
the lines, the place on a walk, the guide for upscaling."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from vj.core.canvas import Canvas
from vj.core.errors import told
from vj.core.frame import BlankFrame, Frame, Guide, Size, WalkFrame
from vj.core.metrics import Metrics
from vj.core.packed import Pixels, rgb_of
from vj.core.seldom import SeldomLog
from vj.core.supervisor import StageMarker, Supervisor
from vj.effects.stages import EffectStage
from vj.parameters.store import Snapshot
from vj.pipeline.backend import Backend, PassThrough
from vj.pipeline.background import BackgroundLayer
from vj.pipeline.border_painter import BorderPainter
from vj.pipeline.decks import DeckMixer
from vj.pipeline.depth import Depth
from vj.pipeline.drawn_strokes import DrawnStrokes
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.guides import Guides
from vj.pipeline.head_camera import FollowedInput
from vj.pipeline.input_view import NEUTRAL, PlacedView, View, viewed
from vj.pipeline.journey import Flight, Journey
from vj.pipeline.landmarks.followed_faces import faces_painted
from vj.pipeline.landmarks.markers import Markers
from vj.pipeline.latent_walk import LatentWalk, WalkStep
from vj.pipeline.line_art import drawing, mixed
from vj.pipeline.live_picture import LivePictures
from vj.pipeline.masks import Masks, SegmentPerson
from vj.pipeline.portraits.layer import PortraitLayer
from vj.pipeline.preprocess import Fit, lost
from vj.pipeline.rife import Network
from vj.pipeline.scene_cut import SceneCuts
from vj.pipeline.taken import Taken
from vj.pipeline.transparency import WalkAlphas, alpha_seen
from vj.pipeline.upscale_guide import worth
from vj.pipeline.walk_keys import WalkKeys
from vj.pipeline.without_effect import WithoutEffect

OFF_AT_0 = ("memory/amount", "latent/morph")
"""Parameters of which it is said that the model does not follow them."""


class Preparation:
    """Takes frames, gives their contexts. Belongs to the render thread."""

    def __init__(
        self,
        size: Size,
        fit: Fit,
        metrics: Metrics,
        on_message: Callable[[str], None],
        segment_person: SegmentPerson | None,
        *,
        live: bool,
        supervisor: Supervisor,
        canvas: Canvas | None,
    ) -> None:
        """See `vj.pipeline.frame_pipeline.FramePipeline`."""
        self._size, self.fit = size, fit
        self.masks = Masks(on_message, segment_person)
        self.depth = Depth(on_message)
        room = self.masks.edges.room
        self.background = BackgroundLayer(size, fit, room, on_message, supervisor, live)
        self.strokes = DrawnStrokes(canvas, size)
        self._journey = Journey(size)
        self._flown = 0.0
        """How much of a journey is seen, 0..1: less and less on the way back."""
        self._flies = False
        """The last frame was one of a journey."""
        self._before_place: np.ndarray | None = None
        """The last picture, where there was a background behind somebody."""
        self.borders = BorderPainter(on_message, supervisor, live)
        self._markers = Markers(on_message, supervisor, live)
        self._guides = Guides(on_message, supervisor, live)
        self.portraits = PortraitLayer(on_message, supervisor, live)
        self.effects = EffectStage(StageMarker())
        self._walkers = LatentWalk(size, fit), LatentWalk(size, fit)
        """Of deck A and of deck B."""
        self.walk_keys = tuple(WalkKeys(on_message, supervisor, live) for _ in range(2))
        """The same."""
        self._walk_alphas = WalkAlphas(size, fit), WalkAlphas(size, fit)
        self._seen: list[tuple[np.ndarray, View, np.ndarray] | None] = [None, None]
        """Of the same: the pixels that came last, how they were seen, and the picture that this
        made: a photograph stands for many frames, and making it small costs as much as painting."""
        self._mixer = DeckMixer()
        self._without_effect = WithoutEffect(OFF_AT_0, on_message)
        self._cuts = SceneCuts()
        self._without_latents: str | None = None
        """The backend of which it was said that its latents cannot be mixed."""
        self._views = tuple(FollowedInput(on_message, supervisor, live) for _ in range(2))
        """The same."""
        self.pictures = LivePictures(on_message)
        self._metrics, self._log = metrics, on_message
        self._log_seldom = SeldomLog(on_message)
        self.looks = self.sees = True
        """See `vj.pipeline.frame_range.FrameRange`."""
        self.views_wanted: Callable[[], Collection[str]] = tuple
        """The pictures besides the final one that somebody wants now, see `vj.pipeline.views`."""
        self.input_size: Size | None = None
        """The size of the frames that come in; None before the first."""
        self._told: deque[str] = deque(maxlen=16)
        """What was said of sizes lately."""

    def refit(self, fit: Fit) -> None:
        """Fit what comes in another way into what is painted."""
        self.fit = fit
        self._begin_anew()

    def resize(self, size: Size) -> None:
        """Paint another size. What is remembered of frames of the old size goes."""
        self._size = size
        self._begin_anew()
        self.masks.forget()
        self.strokes.resize(size)
        self._journey.resize(size)

    def _begin_anew(self) -> None:
        self._walkers = LatentWalk(self._size, self.fit), LatentWalk(self._size, self.fit)
        self._walk_alphas = WalkAlphas(self._size, self.fit), WalkAlphas(self._size, self.fit)
        for keys in self.walk_keys:
            keys.forget()
        self._seen = [None, None]
        self.input_size = None
        self.background.anew(self._size, self.fit)

    def of(
        self, frame: Frame, snapshot: Snapshot, backend: Backend, other: Frame | None = None
    ) -> FrameContext:
        """backend: that will paint it. other: deck B's newest frame."""
        self._without_effect.look(snapshot, backend)
        if frame.size != self.input_size:
            self.input_size = frame.size
            message = lost(frame.size, self._size, self.fit)
            if message and message not in self._told:  # once, however often sources change
                self._told.append(message)
                self._log(message)
        taken = self._mixed(frame, other, snapshot, backend)
        portrait = self.portraits.of(taken.image, frame.captured, taken.faces, snapshot)
        if portrait is not None:
            taken = Taken(portrait)
        flight = self._as_seen(self._journey.of(taken.image, snapshot))
        moment = None if flight is None else flight.moment
        share = 0.0 if flight is None else flight.share
        self._flown = 1.0 if moment is not None else self._flown * share
        if moment is not None:
            taken = Taken(moment, blank=True)
        leads = flight is None and not taken.blank and taken.walk is None and self.sees
        if self._cuts.begins(taken.image if leads else None, frame, other, snapshot["deck/mix"]):
            self.reset()
        taken = taken.with_effects(self.effects, snapshot, frame.number)
        image = taken.image
        strokes = self.strokes.find(snapshot)
        mode = snapshot["mask/mode"]
        face = self.portraits.oval(image.shape) if mode == "face" else None
        kinds = [] if taken.blank else self._guides.wanted(backend.guides, snapshot)
        if "depth" in self.views_wanted() and self.depth.find is not None and "depth" not in kinds:
            kinds.append("depth")
        # a background is painted of what is seen of it, over hard cuts too
        looks = self.looks or bool(snapshot["background/source"])
        near = ("depth" in kinds or (mode == "depth" and looks)) and not taken.blank
        depth = self.depth.of(image, frame.captured, near)
        try:
            # on a journey nobody is in the picture who could be kept
            mask = None
            if moment is None:
                mask = self.masks.find(image, snapshot, strokes, taken.alpha, face, depth, looks)
        except Exception as error:  # a foreign person model: the picture goes on without a mask
            self._metrics.faults += 1
            self._log_seldom(
                f"the mask failed ({told(error)}); everything is painted", frame.captured
            )
            mask = None
        wanted = "lines" in (*backend.guides, *self.views_wanted())
        looked_at = looks and not taken.blank and (wanted or snapshot["lines/amount"] > 0)
        markers = self._markers.find(image, snapshot, frame.captured, looked_at)
        led_by = image if moment is None else np.zeros_like(image)
        lines = drawing(led_by, snapshot, True, strokes, markers) if wanted else None
        own = None if mask is None else self.masks.edges.foreground
        own = taken.beyond_edges(snapshot) if own is None else own
        guide = None
        if taken.whole is not None:
            strength = 0.0 if isinstance(backend, PassThrough) else snapshot["strength"]
            kept = self._coming_back(mask)
            guide = Guide(taken.whole, image, self.fit, strength, kept, view=taken.view)
        context = FrameContext(
            image,
            frame.number,
            frame.captured,
            mixed(image, snapshot, strokes, markers) if moment is None else image,
            mask,
            lines,
            self._guides.of(image, snapshot, frame.captured, kinds, depth, self.depth),
            taken.walk,
            taken.blank,
            guide,
            taken=self.pictures.of(
                snapshot,
                None if taken.blank else image,
                (frame.pixels, None if other is None else other.pixels),
            ),
            flight=flight,
            beyond_edges=own,
            scene=self._cuts.scene,
        )
        context = self.background.laid(context, snapshot, backend)
        return replace(context, mask=self._coming_back(context.mask)) if self._flown else context

    def reset(self) -> None:
        """A hard cut: what was learned of the pictures before it goes. What a performer has shown
        (an empty room, a subject) and what goes by its own time (walks, journeys, the camera that
        follows a head, a portrait) stays."""
        self.effects.reset()
        self.masks.cut()
        self.depth.cut()
        self._markers.forget()
        self._before_place = None
        self.background.cut()

    def _coming_back(self, mask: np.ndarray | None) -> np.ndarray | None:
        """What is kept, and the background, come back from a journey as the input does."""
        if mask is None or not self._flown:
            return mask
        return cv2.convertScaleAbs(mask, alpha=1 - self._flown, beta=255 * self._flown)

    def keep_walks(self, folder: Path, network: Network | None = None) -> None:
        """Keep the key pictures of walks in a folder. network: makes the pictures between them,
        rendered. Before the first frame."""
        for keys in self.walk_keys:
            keys.folder, keys.network = folder, network

    def _as_seen(self, flight: Flight | None) -> Flight | None:
        """A journey from a picture with a background begins with what was seen: the generated image
        is the place, or somebody, but not both."""
        flew, self._flies = self._flies, flight is not None and flight.moment is not None
        if flight is None or flew or not self._flies or flight.begins is not None:
            return flight
        return replace(flight, begins=self._before_place)

    def observe(self, context: FrameContext, picture: Pixels) -> None:
        """Tell what was shown, (H, W, 3) uint8: a walk, for its last step, and who takes pictures
        of it."""
        self.pictures.observe(picture)
        self._before_place = rgb_of(picture) if self.background.shows else None
        if context.walk is not None and context.walk.deck is not None:
            self._walkers[context.walk.deck].observe(rgb_of(picture))

    def leave(self, backend: Backend) -> None:
        """This backend plays no more."""
        self.background.leave(backend)
        self.borders.leave(backend)

    def close(self) -> None:
        """End its threads."""
        self._markers.close()
        self._guides.close()
        self.background.close()
        self.borders.close()
        self.portraits.close()
        for view in self._views:
            view.close()
        for keys in self.walk_keys:
            keys.close()

    def _mixed(
        self, frame: Frame, other: Frame | None, snapshot: Snapshot, backend: Backend
    ) -> Taken:
        """Both decks, mixed. One that is not seen is not prepared, but walks on."""
        share = snapshot["deck/mix"] if other is not None else 0.0
        one = two = None
        if share < 1 or isinstance(frame, WalkFrame):
            one = self._taken(frame, 0, snapshot, backend)
        if other is not None and (share > 0 or isinstance(other, WalkFrame)):
            two = self._taken(other, 1, snapshot, backend)
        if one is not None and (two is None or share <= 0):
            return one
        assert two is not None
        if one is None or share >= 1:
            return two
        space, blank = snapshot["deck/space"], one.blank and two.blank
        if space == "latent":
            if backend.mixes_latents:
                pair = one.image, two.image
                step = WalkStep(*pair, share, pair, deck=None)
                alpha = self._mixer.alphas(one.alpha, two.alpha, share, "normal", one.image)
                return Taken(step.crossfaded(), step, blank, alpha=alpha)
            self._tell_without_latents(backend)
        image = self._mixer.mixed(
            one.image,
            two.image,
            share,
            snapshot["deck/mode"],
            space != "picture",
            snapshot.time,
        )
        mode = snapshot["deck/mode"] if space == "picture" else "normal"
        alpha = self._mixer.alphas(one.alpha, two.alpha, share, mode, one.image)
        return Taken(image, None, blank, alpha=alpha)

    def _tell_without_latents(self, backend: Backend) -> None:
        waits = isinstance(backend, PassThrough) and not backend.unused
        if backend.name != self._without_latents and not waits:
            self._without_latents = backend.name
            self._log(
                f"deck/space latent: {backend.name} has no latent space; the pictures morph along "
                "the flow instead"
            )

    def _taken(self, frame: Frame, deck: int, snapshot: Snapshot, backend: Backend) -> Taken:
        """One deck's frame. deck: 0 is A, 1 is B."""
        if isinstance(frame, WalkFrame):
            step = self._walkers[deck].at(frame.chain, snapshot)
            keys = self.walk_keys[deck]
            if snapshot["walk/way"] == "morph" or keys.shows:
                step = replace(step, made=keys.of(step, snapshot, backend))
            masked = snapshot["mask/mode"] == "alpha"
            alpha = self._walk_alphas[deck].at(frame.chain, step) if masked else None
            return Taken(step.picture(), replace(step, deck=deck), alpha=alpha)
        blank, view = isinstance(frame, BlankFrame), NEUTRAL
        if not blank:
            view = self._views[deck].view(frame, snapshot, self._size, self.fit)
        seen = self._seen[deck]
        if seen is None or seen[0] is not frame.pixels or seen[1] != view:
            image = viewed(frame.pixels, self._size, self.fit, view)
            seen = self._seen[deck] = frame.pixels, view, image
        image = seen[2]
        leads = not blank and worth(frame.size, self._size, self.fit, view.zoom)
        placed = None if view == NEUTRAL else PlacedView(view, self._size, self.fit)
        alpha = None
        if snapshot["mask/mode"] == "alpha":
            alpha = (
                np.zeros(image.shape[:2], np.uint8)
                if blank
                else alpha_seen(frame.pixels, self._size, self.fit, view)
            )
        faces = frame.faces
        if faces is not None:
            faces = faces_painted(faces, frame.size, self._size, self.fit, placed)
        whole = frame.pixels if leads else None
        return Taken(image, None, blank, whole, placed, alpha, faces)
