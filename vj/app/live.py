"""A show played live: its parts, put together, started and stopped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from vj.app.adopt import ShowAdopter
from vj.app.background import BackgroundTasks
from vj.app.beginning import Beginning
from vj.app.choosers import Choosers
from vj.app.chosen import with_recipe
from vj.app.context import RunState, ShowContext
from vj.app.deck_sound import DecksSound
from vj.app.displays import Displays
from vj.app.live_beside import LiveBeside
from vj.app.live_sound import LiveSound
from vj.app.loop_parts import LoopParts
from vj.app.marking import mark_of
from vj.app.messages import Messages
from vj.app.model_care import ModelCare
from vj.app.model_loader import ModelLoader
from vj.app.outputs import Outputs
from vj.app.page_actions import page_actions
from vj.app.page_feed import PageFeed
from vj.app.portraits import opener
from vj.app.recordings import Recordings
from vj.app.reporter import Reporter
from vj.app.servers import Servers
from vj.app.setup import (
    flow_finder,
    left_out_live,
    painted_size,
    person_segmentation,
    start_values,
)
from vj.app.show_tracks import starter
from vj.app.show_writer import ShowWriter
from vj.app.snapshot import live_snapshots
from vj.app.sound_programme import ProgrammeMaker
from vj.app.startup_times import StartupTimes
from vj.app.steps import Steps
from vj.app.style_shelf import StyleShelf
from vj.app.video_input import VideoInput
from vj.control.audio import SourceSound
from vj.control.session import ControlSession
from vj.control.takes import Take
from vj.core.canvas import Canvas
from vj.core.clock import Clock
from vj.core.frame import Frame, OutputFrame, Size
from vj.core.input_features import InputFeatures
from vj.core.metrics import Metrics
from vj.core.step_clock import StepClock
from vj.core.supervisor import Supervisor
from vj.parameters.store import Store
from vj.pipeline.backend import PassThrough
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.loop import RenderLoop
from vj.show.model_section import ModelSection
from vj.show.names import model_name
from vj.show.own_shows import walks_folder
from vj.show.reload import ShowFile
from vj.show.schema import Show
from vj.sinks.mark import Mark


class Performance:
    """Plays one show live. `start`, then `stop`; the picture goes on until then."""

    def __init__(
        self,
        show: Show,
        on_message: Callable[[str], None],
        *,
        file: ShowFile | None = None,
        replay: Take | None = None,
        take_log: Path | None = None,
        startup: StartupTimes | None = None,
        clock: Clock | None = None,
    ) -> None:
        """on_message: prints a line in the terminal, from any thread; must not block. file: is
        watched, and what changes in it is applied. replay: a take that plays instead of all
        controls. take_log: a take is written there. startup: measures the time until the first
        generated frame. clock: another than the wall's. Raises Fault."""
        show = with_recipe(show)
        self._file = file
        self._record_time = startup.record if startup is not None else lambda name: None
        self.clock: Clock = clock or StepClock()
        self.metrics = Metrics()
        self.store = Store(start_values(show), show.table())
        self.messages = Messages(on_message)
        self.log = log = self.messages.log
        if file is not None:
            file.log = log  # to the page too
        self.supervisor = Supervisor(log)
        self.run_state = RunState(show)
        size = painted_size(show, log)
        self.context = context = ShowContext(
            self.run_state,
            self.clock,
            self.store,
            self.metrics,
            self.messages,
            self.supervisor,
            Canvas(size, self.clock.now),
        )
        self.outputs = Outputs(context)
        own_senders = self.outputs.sinks.sender_names
        self.video_input = VideoInput(context, lambda: self.size, own_senders)
        beginning = Beginning(
            context, self.video_input, lambda time: self.session.begin(time), startup
        )
        segment_person = person_segmentation(show, True, log, self.supervisor)
        features = InputFeatures()
        self.loop = RenderLoop(
            size=size,
            fps=show.fps,
            fit=show.fit,
            clock=self.clock,
            store=self.store,
            inbox=self.video_input.inbox,
            publish=self._publish,
            metrics=self.metrics,
            on_message=log,
            segment_person=segment_person,
            flow=flow_finder(show, log),
            supervisor=self.supervisor,
            on_begin=beginning.begin,
            may_begin=beginning.may_begin,
            canvas=context.canvas,
            features=features,
            other=self.video_input.other,
        )
        self.outputs.lead(self.loop.pipeline, lambda: self.snapshots.wanted)
        self.supervisor.watch(self.loop.pipeline.stage)
        preparation = self.loop.pipeline.preparation
        preparation.portraits.open = opener(lambda: self.run_state.show)
        preparation.keep_walks(walks_folder(file.path if file else None))
        self.beside = LiveBeside(context, preparation, self.video_input)
        source_sound = SourceSound()
        self.session = ControlSession(
            show,
            self.store,
            self.clock,
            log,
            latency=lambda: self.metrics.recent_latency()[0],
            replay=replay,
            take_log=take_log,
            render_size=lambda: self.size,
            write_cues=None
            if file is None
            else lambda cues: file.write_cues(cues, self.run_state.show.recipe),
            write_marks=file.write_marks if file is not None else None,
            write_mapping=file.add_mapping if file is not None else None,
            remark=self.messages.remark,
            waits=True,
            supervisor=self.supervisor,
            features=features,
            source_sound=source_sound,
        )
        self.sound = LiveSound(
            context,
            DecksSound(self.video_input.a, self.video_input.b, self.store, log),
            self.outputs.sinks.running,
            source_sound,
            ProgrammeMaker(self.run_state, self.clock, self.session.audio_input, log),
        )
        self.outputs.sinks.sound = self.sound.sounds
        starts = starter(self.store, lambda: self.run_state.show.sounds)
        self.session.happenings.listeners.append(starts)
        self.session.ports.dmx.own_port = lambda: self.outputs.lights.port
        self.loop_parts = LoopParts(context, self.loop, self.outputs, segment_person)
        self.recordings = Recordings(context, self.outputs.sinks)
        self.displays = Displays(context, self.outputs.sinks.displays)
        self.styles = StyleShelf(context)
        self.page_feed = PageFeed(
            context,
            self.session,
            self.loop,
            lambda: self.report.status(),
            more=lambda: {
                "file": file.path.name if file is not None else "",
                "choosers": self.choosers.state(),
                "styles": self.styles.state(),
                "reach": self.servers.describe_reach(),
            },
            more_state=lambda: {"recording": self.outputs.sinks.recorded_for},
            more_moving=lambda: {"decks": self.video_input.places()},
        )
        self.servers = Servers(
            context,
            self.session,
            lambda: self.report.status(),
            lambda: self.report.osc_status(),
            self.page_feed,
            lambda: page_actions(
                self.session,
                self.writer,
                self.choosers,
                self.styles,
                context.canvas,
                self.displays,
            ),
            self.styles.small,
        )
        self.steps = Steps(context, self.loop, self.video_input, self.outputs.sinks, self.servers)
        self.writer = ShowWriter(context, self.session, file)
        self.outputs.sinks.on_frame = self._sent
        self.loader = ModelLoader(
            context, self.loop, self.outputs, self._record_time, replay is not None
        )
        self.outputs.sinks.mark = self._mark
        self.snapshots, self.snapshot_tasks = live_snapshots(
            context,
            lambda: self.session.engine.timeline_position(),
            lambda: model_name(self._model()),
            self._mark,
            file,
            replay is not None,
        )
        self.report = Reporter(
            context,
            self.video_input,
            self.loop,
            self.outputs,
            self.session,
            self.servers,
            self.loader,
            self.sound,
        )
        self.adopter = ShowAdopter(
            context,
            self.session,
            self.outputs,
            self.loop_parts,
            self.servers,
            self.video_input,
            self.loader,
            self.sound,
            lambda: self.size,
        )
        self.choosers = Choosers(
            context, self.session, self.adopter, self.loader, own_senders, self.video_input
        )
        care = ModelCare(context, self.loop, self.loader)
        self.background = BackgroundTasks(context, self.recordings, file, self.adopt, care.look)

    def start(self) -> None:
        """Start everything. The input is shown untouched at once, and generated images once the
        model is loaded. Raises Fault when there is no source, or no free port for OSC."""
        show, over = self.run_state.show, self.run_state.over
        canvas = self.context.canvas
        self.supervisor.start(
            "canvas", lambda: canvas.run(over, self.servers.show_canvas), over.is_set
        )
        self.video_input.start(show)
        try:
            self.outputs.open_upscaler(show, self.size)
            self.servers.open(show)
        except BaseException:
            self.video_input.stop()
            raise
        self._record_time("source, page and OSC")
        self.session.start()
        self._record_time("MIDI, Link")
        for line in left_out_live(show):
            self.log(line)
        self.outputs.start()
        self.sound.start()
        self.loop.start()
        self.run_state.text = "loading the model"
        self.loader.load(show)
        self.background.start()
        self.loop_parts.check_mask()
        self.recordings.start()
        self.displays.start()

    @property
    def size(self) -> Size:
        """What is generated, in pixels."""
        return self.loop.pipeline.size

    def _publish(self, context: FrameContext, frame: OutputFrame) -> None:
        """From the render loop: what is known of the input, and what is shown."""
        outputs = self.outputs
        if outputs.sinks.first_recorded is None:
            outputs.sinks.first_recorded = self.loop.first
        self.snapshots.published(frame.number)
        outputs.put(frame, bool(self.store.get("output/interpolate")))
        if not outputs.has_sinks:
            self.metrics.latency(self.clock.now() - frame.captured)
        self.servers.show_frame(context, frame)

    def _sent(self, frame: Frame) -> None:
        """A picture on its way to the sinks, at the output's size. From any thread."""
        self.servers.show_sent(frame)
        self.snapshots.sent(frame)

    def _model(self) -> ModelSection:
        """The model that plays. From any thread."""
        return self.loader.model_of(self.loop.pipeline.backend) or self.run_state.show.model

    def _mark(self) -> Mark | None:
        """What recordings say of what is sent now. From any thread."""
        painting = not isinstance(self.loop.pipeline.backend, PassThrough)
        return mark_of(self.run_state.show, self._model(), painting)

    def adopt(self, show: Show) -> bool:
        """Go on with another version of the show, as a whole; False, and why in the log, if not."""
        return self.choosers.adopt(show, self._file)

    @property
    def ended(self) -> bool:
        """The source has come to its end, as a clip does that is played once."""
        return self.video_input.ended and self.run_state.playing_since is not None

    def playing_for(self) -> float:
        """Seconds since the first generated frame, or since the model failed to load: what --for
        counts."""
        since = self.run_state.playing_since
        return 0.0 if since is None else self.clock.now() - since

    def stop(self) -> None:
        """End within two seconds, recordings closed, whatever a part raises."""
        self.run_state.text = "stopping"
        self.run_state.over.set()
        self.recordings.close()
        self.displays.close()
        parts: list[tuple[str, Callable[[], object]]] = [
            ("the steps", self.steps.close),
            ("the render loop", lambda: self.loop.stop(timeout=0.6)),
            ("the choosers", self.choosers.close),
            ("the models that are kept", self.loader.close),
            ("the outputs", self.outputs.stop),
            ("the snapshots", lambda: self.snapshot_tasks.close(timeout=0.5)),
            ("the control session", self.session.stop),
            ("the person model", self.loop_parts.close),
            ("OSC", self.servers.stop_osc),
            ("the page", self.servers.stop_page),
            ("the page's words", self.page_feed.close),
            ("the style pictures", self.styles.close),
            ("the sources beside", self.beside.close),
            ("the source", self.video_input.stop),
        ]
        for name, stop in parts:
            self.supervisor.call(f"{name}, at its end,", stop)
