/** What one has to know while playing: cue, beat, tempo, frames a second and what slows them. */

import {calm, make, onPress, tell} from "./dom.js";

export class Strip {
  constructor(app) {
    this.cue = make("b.cue");
    this.next = make("span.next");
    this.fade = make("i.fade");
    this.beats = make("span.beats", {"aria-hidden": "true"});
    this.bpm = make("button.bpm", {type: "button", title: "tap the tempo (T)"});
    onPress(this.bpm, () => app.fire("tempo/tap"));
    this.fps = make("b.fps");
    this.slow = make("span.slow");
    this.problem = make("span.problem");
    this.element = make(
      "div.info",
      {role: "group", "aria-label": "state"},
      make("div.cues", {}, this.cue, this.next, this.fade),
      this.problem,
      make("div.tempo", {}, this.beats, this.bpm),
      make("div.speed", {}, this.fps, this.slow),
    );
    const {state} = app;
    const cues = () => this.#cues(app);
    for (const key of ["cue", "next_cue", "fade"]) state.subscribe(key, cues);
    app.onShow(cues);
    state.subscribe("bpm", bpm => {
      tell(this.bpm, bpm ? `${Math.round(bpm * 10) / 10} bpm` : "");
      this.bpm.setAttribute("aria-label", `tempo ${Math.round(bpm || 0)}, tap it`);
    });
    state.subscribe("beat", beat => this.#beat(beat, state.get("bpm")));
    state.subscribe("fps", fps =>
      tell(this.fps, fps === undefined || fps === null ? "" : `${Math.round(fps)} fps`),
    );
    state.subscribe("bottleneck", text => tell(this.slow, text || ""));
    state.subscribe("state", text => tell(this.problem, text && text !== "playing" ? text : ""));
  }

  #cues({state, show}) {
    const fade = state.get("fade");
    const standing = state.get("cue") || "";
    const next = state.get("next_cue") || "";
    tell(this.cue, (fade && fade.cue) || standing || (show && show.name) || "vj");
    tell(this.next, next ? `→ ${next}` : "");
    this.fade.style.transform = `scaleX(${fade ? fade.progress : 0})`;
    this.fade.classList.toggle("on", Boolean(fade));
  }

  /** A dot for each beat of the bar; the present one lights up, the first more. */
  #beat(beat, bpm) {
    if (!beat) return;
    const bar = Math.max(1, Math.min(8, Math.round(beat.per_bar || 4)));
    while (this.beats.children.length > bar) this.beats.lastChild.remove();
    while (this.beats.children.length < bar) this.beats.append(make("i"));
    const now = ((Math.floor(beat.beat + 0.05) % bar) + bar) % bar;
    [...this.beats.children].forEach((dot, place) =>
      dot.classList.toggle("now", beat.running && place === now),
    );
    const dot = this.beats.children[now];
    if (!beat.running || calm() || !dot.animate) return;
    const duration = Math.min(500, 54000 / (bpm || 120));
    dot.animate([{transform: "scale(1.9)"}, {transform: "scale(1)"}], {
      duration,
      easing: "ease-out",
    });
  }
}
