/** The timeline: entries on a line, the position, play, pause, and seeking by drag. */

import {clock, make} from "./dom.js";
import {button, cleanups} from "./parts.js";

const STILL = 4; // pixels: a shorter drag seeks nothing

/** The tab "timeline". */
export function mount(element, app) {
  const undo = cleanups();
  const root = make("section.t-tool.t-timeline");
  element.append(root);
  let redraw = () => {};
  undo.add(
    app.connection.on("show", build),
    app.state.subscribe("timeline", () => redraw()),
    app.state.subscribe("cue", () => redraw()),
    app.state.subscribe("timecode", () => redraw()),
    () => root.remove(),
  );
  build();
  return undo.run;

  function build() {
    const timeline = app.show?.timeline;
    if (!timeline) {
      redraw = () => {};
      root.replaceChildren(
        make(
          "p.t-quiet",
          {},
          "Nothing runs along this show's time: its cues are fired by hand, or by the clip.",
        ),
      );
      return;
    }
    const entries = timeline.entries ?? [];
    const length = timeline.length || Math.max(60, ...entries.map(one => one.at * 1.1));
    const head = make("div.t-playhead");
    const track = make(
      "div.t-track",
      {
        role: "slider",
        tabIndex: "0",
        "aria-label": "timeline: position",
        "data-name": "timeline/position",
        "aria-valuemin": "0",
        "aria-valuemax": String(length),
        onkeydown: key,
      },
      ...marks(entries, length),
      head,
    );
    const now = make("output.t-time");
    const timecode = make("output.t-quiet", {"aria-label": "timecode"});
    const play = button("Play", () => app.set("timeline/play", true), {
      "aria-label": "timeline: play",
      "data-name": "timeline/play",
    });
    const pause = button("Pause", () => app.set("timeline/pause", true), {
      "aria-label": "timeline: pause",
      "data-name": "timeline/pause",
    });
    const list = entries.map(one =>
      button("loop" in one ? "round again" : String(one.cue), () => seek(one.at), {
        "aria-label": `timeline: go to ${clock(one.at)} ${one.cue ?? ""}`,
      }),
    );
    list.forEach((made, index) => made.prepend(make("time", {}, clock(entries[index].at))));
    root.replaceChildren(
      make(
        "div.t-row",
        {},
        make(
          "span.t-row.t-acts",
          {},
          app.row("timeline/play") ? play : null,
          app.row("timeline/pause") ? pause : null,
        ),
        now,
        timecode,
      ),
      track,
      make("div.t-entries.t-acts", {}, ...list),
    );
    let wanted = null; // seconds, while a finger drags
    dragged(
      track,
      share => {
        wanted = clamp(position() + share * length);
        redraw();
      },
      taken => {
        if (taken && wanted !== null) seek(wanted);
        wanted = null;
        redraw();
      },
    );
    redraw = () => {
      const at = wanted ?? position();
      const playing = Boolean(app.state.get("timeline")?.playing);
      now.textContent =
        at <= length && timeline.length ? `${clock(at)} / ${clock(length)}` : clock(at);
      now.classList.toggle("t-live", wanted !== null);
      timecode.textContent = app.state.get("timecode") || "";
      head.style.transform = `translateX(${Math.min(1, at / length) * track.clientWidth}px)`;
      track.setAttribute("aria-valuenow", at.toFixed(1));
      track.setAttribute("aria-valuetext", clock(at));
      play.setAttribute("aria-pressed", String(playing));
      pause.setAttribute("aria-pressed", String(!playing));
      let here = -1;
      entries.forEach((one, index) => {
        if (one.at <= at + 0.01) here = index;
      });
      list.forEach((made, index) => made.classList.toggle("t-here", index === here));
    };
    redraw();

    function clamp(seconds) {
      return Math.min(length, Math.max(0, seconds));
    }
    function seek(seconds) {
      app.set("timeline/position", Math.round(clamp(seconds) * 100) / 100);
    }
    function key(event) {
      const step = {ArrowLeft: -1, ArrowRight: 1, PageDown: -10, PageUp: 10}[event.key];
      const to =
        event.key === "Home" ? 0 : step ? position() + step * (event.shiftKey ? 10 : 1) : null;
      if (to === null) return;
      event.preventDefault();
      event.stopPropagation(); // the arrows are the stage's keys too
      seek(to);
    }
  }

  function position() {
    return app.state.get("timeline")?.position ?? 0;
  }
}

/** Where each entry begins, with its name as far as there is room until the next. */
function marks(entries, length) {
  return entries.map((one, index) => {
    const end = index + 1 < entries.length ? entries[index + 1].at : length;
    const share = seconds => `${(100 * Math.max(0, seconds)) / length}%`;
    const mark = make("i.t-mark", {style: `left:${share(one.at)};width:${share(end - one.at)}`});
    if ("loop" in one) mark.classList.add("t-loop");
    else mark.append(String(one.cue));
    return mark;
  });
}

/** Drags along an element, from where the finger is put down: `move(share of the width)`, then `end(taken)`. */
function dragged(element, move, end) {
  let from = null;
  element.addEventListener("pointerdown", event => {
    if (event.button !== 0 || document.body.classList.contains("view-only")) return;
    from = event.clientX;
    element.setPointerCapture(event.pointerId);
  });
  element.addEventListener("pointermove", event => {
    if (from !== null && Math.abs(event.clientX - from) >= STILL)
      move((event.clientX - from) / element.clientWidth);
  });
  const stop = event => {
    if (from === null) return;
    const far = Math.abs(event.clientX - from) >= STILL;
    from = null;
    end(event.type === "pointerup" && far);
  };
  element.addEventListener("pointerup", stop);
  element.addEventListener("pointercancel", stop);
}
