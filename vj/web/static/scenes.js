/**
 * The scenes that prompt/position walks through, in place of the two prompts. A tap goes to one;
 * each shows how much of it is seen.
 */

import {arrange, make, withoutFocus} from "./dom.js";
import {Fader} from "./fader.js";

const POSITION = "prompt/position";
const SCENES = "prompt/scenes";

export class Scenes {
  #app;
  #fader = null;
  #buttons = [];

  /** @param {() => void} changed called when there are other scenes, or none any more */
  constructor(app, changed) {
    this.#app = app;
    this.mixing = make("div.scene-walk");
    this.list = make("div.scene-list", {role: "group", "aria-label": "scenes"});
    this.element = make(
      "section.scenes",
      {"aria-label": "scenes", hidden: true},
      this.mixing,
      this.list,
    );
    app.values.subscribe(SCENES, text => {
      this.#fill(textsOf(text || ""));
      changed();
    });
    app.values.subscribe(POSITION, () => this.#mark());
  }

  get playing() {
    return this.#buttons.length > 0;
  }

  /** After a change of the show. */
  update() {
    const row = this.#app.row(POSITION);
    if (!row) return;
    if (this.#fader) this.#fader.update(row);
    else {
      this.#fader = new Fader(this.#app, row, false);
      this.#fader.element.classList.add("broad");
      this.mixing.append(this.#fader.element);
    }
  }

  #fill(texts) {
    const last = Math.max(1, texts.length - 1);
    this.#buttons = texts.map((text, place) => {
      const made = withoutFocus(make("button.scene", {type: "button"}, text));
      made.addEventListener("click", () => this.#app.set(POSITION, place / last));
      return made;
    });
    this.element.hidden = !this.playing;
    arrange(this.list, this.#buttons);
    this.#mark();
  }

  #mark() {
    const last = this.#buttons.length - 1;
    const place = (this.#app.values.effective(POSITION) || 0) * last;
    this.#buttons.forEach((button, at) => {
      const share = Math.max(0, 1 - Math.abs(place - at));
      button.style.setProperty("--share", share.toFixed(3));
      button.setAttribute("aria-pressed", String(share > 0.5));
    });
  }
}

/** As vj reads them: JSON of texts and mappings, or texts with | between them. */
function textsOf(text) {
  if (!text.trim()) return [];
  if (!text.trimStart().startsWith("[")) return text.split("|").map(part => part.trim());
  try {
    return JSON.parse(text).map(one =>
      typeof one === "string" ? one : one.prompt || one.image || "as before",
    );
  } catch {
    return [];
  }
}
