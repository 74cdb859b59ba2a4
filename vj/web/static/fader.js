/**
 * A fader: vertical on the stage, horizontal in a panel's row. Its thumb shows the target, a ghost
 * the effective value, a coloured edge what drives it in between, a dot that it is mapped.
 */

import {make, tell} from "./dom.js";
import {drag} from "./drag.js";
import {fitted, share, written} from "./rows.js";
import {isLocked, openMenu} from "./menu.js";

const BURST = 500; // ms without a turn of the wheel or a key: the gesture has ended
const APART = 0.008; // share of the range from which on ghost and thumb are seen apart
const STEPS = {ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 10, PageDown: -10};

export class Fader {
  #app;
  #row = null;
  #gesture = null;
  #value = 0; // where the finger is, not yet rounded
  #timer = 0;
  #drag;
  #end = () => {};
  #left;

  /** @param {boolean} vertical */
  constructor(app, row, vertical) {
    this.#app = app;
    this.vertical = vertical;
    this.fill = make("i.fill");
    this.moved = make("i.moved");
    this.ghost = make("i.ghost", {"data-ghost": ""});
    this.thumb = make("i.thumb");
    this.track = make("div.track", {}, this.fill, this.moved, this.ghost, this.thumb);
    this.label = make("span.label");
    this.value = make("span.value");
    this.element = make(`div.fader.${vertical ? "vertical" : "horizontal"}`, {
      role: "slider",
      tabIndex: 0,
      "aria-orientation": vertical ? "vertical" : "horizontal",
    });
    this.element.append(this.track, this.label, this.value, make("i.dot"));
    this.#drag = drag(this.element, {
      axis: vertical ? "y" : "x",
      track: () => this.track.getBoundingClientRect(),
      begin: () => this.#begin(),
      move: (dx, dy) => this.#move(vertical ? dy : dx),
      end: () => this.#finish(),
      doubleTap: () => this.reset(),
      longPress: (x, y) => openMenu(app, this.#row, x, y),
    });
    this.element.addEventListener("keydown", event => this.#key(event));
    if (vertical)
      this.element.addEventListener("wheel", event => this.#wheel(event), {passive: false});
    this.#left = app.connection.on("close", () => this.#lost());
    this.update(row);
  }

  /** The row, as the show that plays has it now. A finger that holds the fader goes on holding. */
  update(row) {
    const {show, values} = this.#app;
    const other = !this.#row || this.#row.name !== row.name;
    this.#row = row;
    const {element} = this;
    const drivers = show.moved_by[row.name] || [];
    const mapped = show.mapped[row.name] || [];
    element.dataset.name = row.name;
    element.dataset.moved = drivers.length ? drivers[0].kind : "";
    element.classList.toggle("mapped", mapped.length > 0);
    element.classList.toggle("unused", row.name in show.unused);
    element.classList.toggle("locked", isLocked(row.name));
    element.setAttribute("aria-label", row.label);
    element.setAttribute("aria-valuemin", row.low);
    element.setAttribute("aria-valuemax", row.high);
    element.title = [
      row.help,
      ...drivers.map(driver => `moved by ${driver.kind} ${(driver.by || "").replace(/^.*\//, "")}`),
      ...mapped.map(control => `mapped: ${control}`),
      show.unused[row.name] || "",
    ]
      .filter(Boolean)
      .join("\n");
    const parts = row.label.split(": ");
    this.label.replaceChildren(
      ...parts.map((part, place) =>
        make(place === parts.length - 1 ? "b" : "span", {textContent: part}),
      ),
    );
    if (other) {
      this.#end();
      this.#end = values.subscribe(row.name, (target, effective) => this.#draw(target, effective));
    } else this.#draw(values.target(row.name), values.effective(row.name));
  }

  destroy() {
    this.#end();
    this.#left();
    this.#drag.drop();
  }

  reset() {
    if (this.#refused()) return;
    this.#app.set(this.#row.name, this.#row.start);
  }

  /** Transforms alone: nothing is laid out anew. */
  #draw(target, effective) {
    if (typeof target !== "number") return;
    const row = this.#row;
    const at = share(row, target);
    const real = share(row, typeof effective === "number" ? effective : target);
    const zero = row.low < 0 && row.high > 0 ? share(row, 0) : 0;
    this.#span(this.fill, zero, at);
    this.#span(this.moved, at, real);
    this.#line(this.thumb, at, 3);
    this.#line(this.ghost, real, 2);
    this.element.classList.toggle("apart", Math.abs(at - real) > APART);
    tell(this.value, written(row, target));
    this.element.setAttribute("aria-valuenow", target);
    this.element.setAttribute("aria-valuetext", written(row, target));
  }

  #span(bar, from, to) {
    const low = Math.min(from, to);
    const size = Math.abs(to - from);
    bar.style.transform = this.vertical
      ? `translateY(${(1 - low - size) * 100}%) scaleY(${size})`
      : `translateX(${low * 100}%) scaleX(${size})`;
  }

  #line(line, at, width) {
    line.style.transform = this.vertical
      ? `translateY(calc(${1 - at} * (100% - ${width}px)))`
      : `translateX(calc(${at} * (100% - ${width}px)))`;
  }

  #begin() {
    const {name} = this.#row;
    if (this.#refused()) return false;
    this.#settle();
    this.#gesture = this.#app.undo.begin();
    this.#app.hold(name);
    this.#value = this.#app.values.target(name);
    this.element.classList.add("held");
    return true;
  }

  #move(by) {
    if (this.#gesture === null) return;
    const {low, high} = this.#row;
    this.#value = Math.min(high, Math.max(low, this.#value + by * (high - low)));
    this.#app.set(this.#row.name, fitted(this.#row, this.#value), {gesture: this.#gesture});
  }

  #finish() {
    if (this.#gesture === null) return;
    const gesture = this.#gesture;
    this.#gesture = null;
    this.element.classList.remove("held");
    this.#app.undo.end(gesture);
    this.#app.release(this.#row.name);
  }

  /** Whether nothing may be moved now; where a hand has to know, it is shown. */
  #refused() {
    if (!this.#app.mayPlay() || isLocked(this.#row.name)) return true;
    if (this.#app.connection.connected) return false;
    this.#app.notTaken(this.element);
    return true;
  }

  #lost() {
    const holding = this.#gesture !== null;
    this.#gesture = null; // what vj has not taken is nothing to undo
    this.element.classList.remove("held");
    this.#drag.drop();
    if (holding) this.#app.notTaken(this.element);
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const {row, name} = {row: this.#row, name: this.#row.name};
    const fine = event.shiftKey ? 0.1 : 1;
    if (event.key in STEPS) this.#nudge(STEPS[event.key] * 0.01 * fine);
    else if (event.key === "Home")
      this.#nudge(share(row, row.low) - share(row, this.#app.values.target(name)));
    else if (event.key === "End") this.#nudge(1);
    else if (event.key === "Backspace" || event.key === "Delete") this.reset();
    else if (event.key === "Enter") {
      const box = this.element.getBoundingClientRect();
      openMenu(this.#app, row, box.left, box.top);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #wheel(event) {
    event.preventDefault();
    if (event.deltaY !== 0) this.#nudge(-Math.sign(event.deltaY) * (event.shiftKey ? 0.002 : 0.02));
  }

  /** A step by key or wheel. Those that follow each other quickly are one gesture. */
  #nudge(by) {
    if (this.#gesture === null && !this.#begin()) return;
    const {low, high, kind} = this.#row;
    const least = kind === "int" ? 1 / (high - low || 1) : 0;
    this.#move(Math.sign(by) * Math.max(Math.abs(by), least));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#settle(), BURST);
  }

  #settle() {
    clearTimeout(this.#timer);
    this.#finish();
  }
}
