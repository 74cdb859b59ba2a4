/**
 * The style pictures of the picture model. A tap plays one alone; several make a walk, which
 * image/mix leads along. Each shows how much of it is seen.
 */

import {arrange, make, tell, withoutFocus} from "./dom.js";
import {Fader} from "./fader.js";
import {attempt, button, confirmButton, statusLine} from "./parts.js";
import {ACCEPT} from "./picture_file.js";
import {addStyles} from "./style_drop.js";

const STYLES = "image/styles";
const MIX = "image/mix";
const HOLD = 500; // ms until a press is a long one
const SLOP = 10; // px that a resting finger may wander
const HINTS = {
  false: "A tap plays one alone. Hold several, or touch Walk, to walk between them.",
  true: "A tap puts one on the walk, or takes it off. The fader leads from the first to the last.",
};

export class Styles {
  #app;
  #tiles = new Map();
  #several = false;
  #mix = null;
  #removed = "";

  constructor(app) {
    this.#app = app;
    this.mixing = make("div.styles-mix");
    this.walking = button("Walk", () => this.#walk(), {
      "aria-pressed": "false",
      title: "play several, and walk between them",
    });
    const files = make("input", {
      type: "file",
      accept: ACCEPT,
      multiple: true,
      "aria-label": "add a picture",
      onchange: () => {
        addStyles(app, files.files);
        files.value = "";
      },
    });
    this.add = make("label.t-button.t-file", {}, "Add a picture", files);
    this.remove = make("span");
    this.hint = make("p.remark");
    this.grid = make("div.style-grid", {role: "group", "aria-label": "style pictures"});
    this.line = statusLine();
    this.element = make(
      "section.styles",
      {"aria-label": "style pictures", hidden: true},
      this.mixing,
      make("div.t-row.t-acts", {}, this.walking, this.add, this.remove),
      this.line,
      this.grid,
      this.hint,
    );
    tell(this.hint, HINTS.false);
    for (const name of [STYLES, MIX]) app.values.subscribe(name, () => this.#mark());
  }

  /** After a change of the show. */
  update() {
    const {show} = this.#app;
    this.element.hidden = !show.styles;
    if (!show.styles) return;
    const row = this.#app.row(MIX);
    if (this.#mix) this.#mix.update(row);
    else {
      this.#mix = new Fader(this.#app, row, false);
      this.#mix.element.classList.add("broad");
      this.mixing.append(this.#mix.element);
    }
    this.add.hidden = !show.may.write;
    const tiles = new Map();
    for (const picture of show.styles.list) {
      const tile = this.#tiles.get(picture.name) || this.#make(picture.name);
      const source = `/style/${encodeURIComponent(picture.name)}?${picture.version}`;
      if (tile.picture.getAttribute("src") !== source) tile.picture.src = source;
      tile.own = picture.own;
      tiles.set(picture.name, tile);
    }
    this.#tiles = tiles;
    arrange(
      this.grid,
      [...tiles.values()].map(tile => tile.element),
    );
    this.#mark();
  }

  #make(name) {
    const tile = {
      own: false,
      picture: make("img", {alt: "", draggable: false}),
      place: make("b.place"),
      share: make("span.share"),
      bar: make("i.progress"),
    };
    tile.element = make(
      "button.pad.style",
      {type: "button", title: name},
      tile.picture,
      tile.place,
      tile.share,
      make("span.name", {}, name),
      tile.bar,
    );
    pressed(tile.element, long => this.#touched(name, long));
    return tile;
  }

  #touched(name, long) {
    const walk = this.#names();
    const others = walk.filter(one => one !== name);
    const added = others.length < walk.length ? others : [...walk, name];
    this.#give(long || this.#several ? added : [name], this.#tiles.get(name).element);
  }

  /** The last one stays: a walk of none would be that of the show. */
  #give(names, element) {
    const {connection} = this.#app;
    if (names.length === 0 || this.#app.set(STYLES, names.join(", "))) return;
    if (!connection.connected) this.#app.notTaken(element);
  }

  #walk() {
    this.#several = !this.#several;
    this.walking.setAttribute("aria-pressed", String(this.#several));
    tell(this.hint, HINTS[this.#several]);
  }

  /** The names on the walk, as vj reads image/styles. */
  #names() {
    const known = new Map([...this.#tiles.keys()].map(name => [name.toLowerCase(), name]));
    const asked = String(this.#app.values.target(STYLES) ?? "").split(",");
    const found = asked.map(part => known.get(part.trim().toLowerCase())).filter(Boolean);
    return found.length ? found : this.#app.show.styles.walk;
  }

  /** Which are on the walk, and how much of each is seen. */
  #mark() {
    if (!this.#app.show?.styles) return;
    const names = this.#names();
    const shares = sharesOf(names.length, this.#app.values.effective(MIX) ?? 0);
    for (const [name, {element, place, share, bar}] of this.#tiles) {
      const stops = names.flatMap((one, stop) => (one === name ? [stop] : []));
      const on = stops.length > 0;
      const seen = stops.reduce((sum, stop) => sum + shares[stop], 0);
      const at = stops.map(stop => stop + 1).join(", ");
      const percent = `${Math.round(seen * 100)} %`;
      element.setAttribute("aria-pressed", String(on));
      element.classList.toggle("standing", on);
      element.dataset.share = seen.toFixed(2);
      tell(place, on && names.length > 1 ? at : "");
      tell(share, seen > 0 && names.length > 1 ? percent : "");
      bar.style.transform = `scaleX(${seen})`;
      const words = on ? `, ${at} of ${names.length}, ${percent} seen` : "";
      element.setAttribute("aria-label", name + words);
    }
    this.mixing.hidden = names.length < 2;
    this.#mix.track.dataset.count = names.length;
    this.#offerRemoval(names.length === 1 && this.#tiles.get(names[0])?.own ? names[0] : "");
  }

  /** One of this machine's own pictures that plays alone can be removed for good. */
  #offerRemoval(name) {
    if (name === this.#removed) return;
    this.#removed = name;
    const {connection, show} = this.#app;
    const remove = () => {
      this.#app.set(STYLES, "");
      attempt(this.line, connection.request("remove_style", {name}));
    };
    const made = confirmButton("Remove", `Remove ${name}?`, remove, {
      "aria-label": `remove ${name}`,
    });
    this.remove.replaceChildren(...(name && show.may.write ? [made] : []));
  }
}

/** How much of each of `count` pictures is seen: from each to the next, 0 the first, 1 the last. */
export function sharesOf(count, mix) {
  const at = mix * (count - 1);
  return Array.from({length: count}, (_, place) => Math.max(0, 1 - Math.abs(at - place)));
}

/** Calls `act(long)` at a tap, and once a finger has rested; scrolling is neither. */
function pressed(element, act) {
  let timer = 0;
  let done = false;
  let from = null;
  const drop = () => clearTimeout(timer);
  element.addEventListener("pointerdown", event => {
    if (event.button !== 0) return;
    done = false;
    from = event;
    drop();
    timer = setTimeout(() => {
      done = true;
      act(true);
    }, HOLD);
  });
  element.addEventListener("pointermove", event => {
    if (from && Math.hypot(event.clientX - from.clientX, event.clientY - from.clientY) > SLOP) {
      drop();
    }
  });
  for (const type of ["pointerup", "pointercancel", "pointerleave"]) {
    element.addEventListener(type, drop);
  }
  element.addEventListener("contextmenu", event => {
    event.preventDefault();
    if (done) return;
    drop();
    done = true;
    act(true); // a right click, or a finger of a browser that is quicker
  });
  element.addEventListener("click", event => {
    if (!done || event.detail === 0) act(event.shiftKey);
    done = false;
  });
  withoutFocus(element);
}
