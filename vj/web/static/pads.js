/**
 * Pads: the show's cues with their keys and pictures, prompts and sources. More than fit stand
 * on pages.
 */

import {playing, startSource} from "./decks_state.js";
import {arrange, make, onPress, tell, withoutFocus} from "./dom.js";

const NARROW = 62; // px of a pad at least
const LOW = 46;
const SHAPE = 1.7; // of a good pad, width to height
const GAP = 6;

export class Pads {
  #app;
  #pads = new Map();
  #page = 0;

  constructor(app) {
    this.#app = app;
    this.more = withoutFocus(make("button.pad.more", {type: "button", title: "more pads"}));
    this.more.addEventListener("click", () => this.#turn());
    this.element = make("div.pads", {role: "group", "aria-label": "cues"});
    const {state} = app;
    const mark = () => this.#mark();
    for (const key of ["cue", "next_cue", "fade", "thumbs"]) state.subscribe(key, mark);
    for (const name of [...PROMPTS, MIX, SOURCE]) app.values.subscribe(name, mark);
    if (window.ResizeObserver) new ResizeObserver(() => this.#fit()).observe(this.element);
  }

  /** After a change of the show. */
  update() {
    const known = new Map();
    for (const pad of this.#app.show.stage.pads) {
      const key = JSON.stringify([pad.cue, pad.prompt, pad.source, pad.name]);
      const made = this.#pads.get(key) || this.#make();
      made.pad = pad;
      const keys = pad.keys || [];
      const {name} = pad;
      const kind = pad.cue ? "cue" : pad.source ? "source" : "prompt";
      if (pad.cue) made.element.dataset.cue = pad.cue;
      tell(made.key, keys.join(" "));
      tell(made.name, name);
      made.element.setAttribute(
        "aria-label",
        `${kind} ${name}${keys.length ? `, key ${keys.join(", ")}` : ""}`,
      );
      made.element.classList.toggle("prompted", !pad.cue);
      known.set(key, made);
    }
    this.#pads = known;
    this.#fit();
    this.#mark();
  }

  #make() {
    const made = {
      pad: null,
      picture: make("img", {alt: "", draggable: false}),
      key: make("kbd"),
      name: make("span.name"),
      progress: make("i.progress"),
    };
    made.picture.hidden = true;
    made.element = make(
      "button.pad",
      {type: "button"},
      made.picture,
      made.key,
      made.name,
      made.progress,
    );
    onPress(made.element, () => this.#fire(made));
    return made;
  }

  #fire({pad, element}) {
    const app = this.#app;
    const taken = pad.cue
      ? app.fire("cue/fire", pad.cue)
      : pad.source
        ? startSource(app, SOURCE, pad.source)
        : app.set(heard(app), pad.prompt);
    if (!taken && !app.connection.connected) app.notTaken(element);
  }

  /** The standing cue, the next one, how far a fade has come, and the pictures. */
  #mark() {
    const {state, values} = this.#app;
    const fade = state.get("fade");
    const thumbs = state.get("thumbs") || {};
    const standing = (fade && fade.cue) || state.get("cue");
    for (const {pad, element, progress, picture} of this.#pads.values()) {
      const stands = pad.cue
        ? pad.cue === standing
        : pad.source
          ? pad.source === playing(this.#app, SOURCE)
          : values.target(heard(this.#app)) === pad.prompt;
      element.classList.toggle("standing", stands);
      element.classList.toggle("next", Boolean(pad.cue) && pad.cue === state.get("next_cue"));
      element.setAttribute("aria-pressed", String(stands));
      const fading = fade && fade.cue === pad.cue;
      element.classList.toggle("fading", Boolean(fading));
      element.dataset.progress = fading ? fade.progress : "";
      progress.style.transform = `scaleX(${fading ? fade.progress : 0})`;
      const number = pad.cue === undefined ? undefined : thumbs[pad.cue];
      if (number === undefined) {
        picture.hidden = true; // another show, or none of this cue yet
        delete picture.dataset.number;
      } else if (picture.dataset.number !== String(number)) {
        picture.dataset.number = number;
        picture.onload = () => (picture.hidden = false);
        picture.src = `/thumb/${encodeURIComponent(pad.cue)}?${number}`;
      }
    }
  }

  /** As many as there is room for; nothing on the stage scrolls. */
  #fit() {
    const pads = [...this.#pads.values()];
    this.element.hidden = pads.length === 0;
    const {clientWidth: width, clientHeight: height} = this.element;
    if (pads.length === 0 || width === 0) return;
    const rows = Math.max(1, Math.floor((height + GAP) / (LOW + GAP)));
    const most = Math.max(2, Math.floor((width + GAP) / (NARROW + GAP)));
    const columns = best(pads.length, rows, most, width, height);
    const room = columns * rows;
    const each = pads.length <= room ? pads.length : room - 1;
    const pages = Math.ceil(pads.length / each);
    if (this.#page >= pages) this.#page = 0;
    const shown = pads.slice(this.#page * each, (this.#page + 1) * each).map(pad => pad.element);
    tell(this.more, `${this.#page + 1}/${pages}`);
    this.element.style.setProperty("--columns", columns);
    this.element.style.setProperty(
      "--rows",
      Math.min(rows, Math.ceil((shown.length + (pages > 1 ? 1 : 0)) / columns)),
    );
    arrange(this.element, pages > 1 ? [...shown, this.more] : shown);
  }

  #turn() {
    this.#page++;
    this.#fit();
  }
}

/** How many columns make the best pads: none empty, and neither thin nor flat. */
function best(count, rows, most, width, height) {
  let found = most;
  let least = Infinity;
  for (
    let columns = Math.min(most, Math.ceil(count / rows));
    columns <= Math.min(most, count);
    columns++
  ) {
    const used = Math.min(rows, Math.ceil(count / columns));
    const shape = width / columns / (height / used);
    const cost = Math.abs(Math.log(shape / SHAPE)) + 0.4 * Math.max(0, columns * used - count);
    if (cost < least) [found, least] = [columns, cost];
  }
  return found;
}

const PROMPTS = ["prompt/a", "prompt/b"];
const MIX = "prompt/mix";
const SOURCE = "source";

/** The prompt that is heard more. */
const heard = app => PROMPTS[app.values.target(MIX) > 0.5 ? 1 : 0];
