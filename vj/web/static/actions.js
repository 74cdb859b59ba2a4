/** The buttons of the strip: undo, go, freeze, blackout, record, take, and panic, which is held. */

import {button, clock, make, tell, withoutFocus} from "./dom.js";

const HOLD = 600; // ms that panic is held

export class Actions {
  #app;

  constructor(app) {
    this.#app = app;
    this.undo = button("button", "undo", "undo the last gesture (Ctrl-Z)", () => app.undo.undo());
    this.back = button("button", "back", "the cue before (left arrow)", () =>
      this.#fire("cue/back", this.back),
    );
    this.go = button("button", "go", "the next cue (space)", () => this.#fire("cue/go", this.go));
    this.freeze = button("button", "freeze", "hold the picture", () =>
      this.#set("output/freeze", !app.values.target("output/freeze"), this.freeze),
    );
    this.black = button("button", "black", "blackout", () =>
      this.#set("output/blackout", app.values.target("output/blackout") > 0.5 ? 0 : 1, this.black),
    );
    this.record = button("button", "rec", "record a movie into takes/", () =>
      this.#set("record", !app.values.target("record"), this.record),
    );
    this.take = button("button", "take", "write what is played into a take", () =>
      this.#fire(isTaking(app) ? "take/stop" : "take/start", this.take),
    );
    this.panic = this.#panic();
    this.record.classList.add("record");
    this.go.classList.add("go");
    this.element = make(
      "div.actions",
      {role: "toolbar", "aria-label": "actions"},
      this.undo,
      this.back,
      this.go,
      this.freeze,
      this.black,
      this.record,
      this.take,
      this.panic,
    );
    this.undo.dataset.do = "undo";
    this.go.dataset.name = "cue/go";
    this.back.dataset.name = "cue/back";
    this.take.dataset.name = "take/start";
    this.freeze.dataset.name = "output/freeze";
    this.black.dataset.name = "output/blackout";
    this.record.dataset.name = "record";

    const {state, values} = app;
    app.undo.subscribe(size => (this.undo.disabled = size === 0));
    values.subscribe("output/freeze", on => pressed(this.freeze, on === true));
    values.subscribe("output/blackout", value => pressed(this.black, value > 0.5));
    const record = () => {
      const seconds = state.get("recording");
      const on = values.target("record") === true || typeof seconds === "number";
      pressed(this.record, on);
      tell(this.record, on ? clock(seconds || 0) : "rec");
    };
    values.subscribe("record", record);
    state.subscribe("recording", record);
    state.subscribe("take", seconds => {
      pressed(this.take, typeof seconds === "number");
      tell(this.take, typeof seconds === "number" ? clock(seconds) : "take");
    });
  }

  /** After a change of the show. */
  update() {
    const cues = this.#app.show.stage.pads.some(pad => pad.cue);
    this.go.hidden = this.back.hidden = !cues;
    this.element.classList.toggle("no-cues", !cues);
  }

  #set(name, value, button) {
    if (!this.#app.set(name, value)) this.#refuse(button);
  }

  #fire(name, button) {
    if (!this.#app.fire(name)) this.#refuse(button);
  }

  #refuse(button) {
    if (!this.#app.connection.connected) this.#app.notTaken(button);
  }

  /** Held for a moment, or nothing happens: a stray thumb must not end the evening. */
  #panic() {
    const made = make(
      "button.panic",
      {type: "button", "aria-label": "panic: press and hold, everything back to the start"},
      make("i.filling"),
      make("span", {textContent: "panic"}),
    );
    let timer = 0;
    const press = () => {
      if (timer) return;
      made.classList.add("holding");
      timer = setTimeout(() => {
        timer = 0;
        made.classList.remove("holding");
        this.#everythingBack();
      }, HOLD);
    };
    const release = () => {
      if (!timer) return;
      clearTimeout(timer);
      timer = 0;
      made.classList.remove("holding");
      this.#app.say("hold panic to bring everything back to the start");
    };
    made.dataset.name = "panic";
    made.addEventListener("pointerdown", event => {
      if (event.button !== 0) return;
      made.setPointerCapture(event.pointerId);
      press();
    });
    made.addEventListener("keydown", event => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      event.stopPropagation();
      if (!event.repeat) press();
    });
    for (const type of ["pointerup", "pointercancel", "keyup", "blur"])
      made.addEventListener(type, release);
    made.addEventListener("contextmenu", event => event.preventDefault());
    return withoutFocus(made);
  }

  #everythingBack() {
    const gesture = this.#app.undo.begin();
    this.#app.undo.noteAll(gesture);
    if (!this.#app.fire("panic")) return this.#refuse(this.panic);
    // What is as the show starts is not touched by a panic, and need not be brought back.
    for (const [name, before] of [...gesture]) {
      if (this.#app.row(name).start === before) gesture.delete(name);
    }
    this.#app.undo.keep(gesture);
    this.#app.say("everything is back at the start");
  }
}

const isTaking = app => typeof app.state.get("take") === "number";

function pressed(button, on) {
  button.setAttribute("aria-pressed", String(on));
}
