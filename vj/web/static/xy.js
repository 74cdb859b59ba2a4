/** A pad that moves two numbers with one finger. */

import {make, tell} from "./dom.js";
import {drag} from "./drag.js";
import {isLocked, openMenu} from "./menu.js";
import {fitted, share, written} from "./rows.js";

const STEPS = {ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10};

/** The pad of `show.stage.xy`. `update()` after each change of the show. */
export class XY {
  #app;
  #rows = [];
  #values = [0, 0];
  #gesture = null;
  #ends = [];
  #drag;

  constructor(app) {
    this.#app = app;
    this.dot = make("i.point");
    this.ghost = make("i.echo", {"data-ghost": ""});
    this.labels = [make("span.label.across"), make("span.label.up")];
    this.sliders = [0, 1].map(axis => this.#slider(axis));
    this.element = make(
      "div.xy",
      {role: "group"},
      this.ghost,
      this.dot,
      ...this.labels,
      ...this.sliders,
    );
    this.#drag = drag(this.element, {
      axis: "xy",
      track: () => this.element.getBoundingClientRect(),
      begin: () => this.#begin(),
      move: (dx, dy) => this.#move([dx, dy]),
      end: () => this.#finish(),
      doubleTap: () => this.#reset(),
      longPress: (x, y) => this.#menu(x, y),
    });
    app.connection.on("close", () => this.#lost());
  }

  update() {
    const {show, values} = this.#app;
    const rows = (show.stage.xy || []).map(name => this.#app.row(name)).filter(Boolean);
    const same = rows.map(row => row.name).join() === this.#rows.map(row => row.name).join();
    this.element.hidden = rows.length !== 2;
    if (this.element.hidden) return;
    this.#rows = rows;
    this.element.classList.toggle(
      "unused",
      rows.every(row => row.name in show.unused),
    );
    this.element.setAttribute("aria-label", rows.map(row => row.label).join(" and "));
    rows.forEach((row, axis) => {
      const slider = this.sliders[axis];
      slider.dataset.name = row.name;
      slider.setAttribute("aria-label", row.label);
      slider.setAttribute("aria-valuemin", row.low);
      slider.setAttribute("aria-valuemax", row.high);
    });
    if (same && this.#ends.length) return this.#draw();
    this.#ends.forEach(end => end());
    this.#ends = rows.map(row => values.subscribe(row.name, () => this.#draw()));
  }

  /** The keyboard and the screen reader have a slider for each direction. */
  #slider(axis) {
    const slider = make("div.axis", {role: "slider", tabIndex: 0});
    slider.setAttribute("aria-orientation", axis ? "vertical" : "horizontal");
    slider.addEventListener("keydown", event => {
      if (!(event.key in STEPS) || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      event.stopPropagation();
      if (!this.#begin()) return;
      const step = STEPS[event.key] * (event.shiftKey ? 0.001 : 0.01);
      this.#move(axis ? [0, step] : [step, 0]);
      this.#finish();
    });
    return slider;
  }

  #draw() {
    const {values} = this.#app;
    const at = this.#rows.map(row => share(row, values.target(row.name)));
    const real = this.#rows.map(row => share(row, values.effective(row.name)));
    if (at.some(Number.isNaN)) return;
    const put = (mark, [x, y]) =>
      (mark.style.transform = `translate(${x * 100}%, ${(1 - y) * 100}%)`);
    put(this.dot, at);
    put(
      this.ghost,
      real.map((value, axis) => (Number.isNaN(value) ? at[axis] : value)),
    );
    this.element.classList.toggle("apart", Math.hypot(at[0] - real[0], at[1] - real[1]) > 0.012);
    this.#rows.forEach((row, axis) => {
      const value = values.target(row.name);
      tell(this.labels[axis], `${row.label} ${written(row, value)}`);
      this.sliders[axis].setAttribute("aria-valuenow", value);
    });
  }

  #begin() {
    if (!this.#app.mayPlay()) return false;
    if (!this.#app.connection.connected) {
      this.#app.notTaken(this.element);
      return false;
    }
    this.#gesture = this.#app.undo.begin();
    this.#values = this.#rows.map(row => this.#app.values.target(row.name));
    this.#rows.forEach(row => this.#app.hold(row.name));
    this.element.classList.add("held");
    return true;
  }

  #move(by) {
    if (this.#gesture === null) return;
    this.#rows.forEach((row, axis) => {
      if (by[axis] === 0 || isLocked(row.name)) return;
      const value = this.#values[axis] + by[axis] * (row.high - row.low);
      this.#values[axis] = Math.min(row.high, Math.max(row.low, value));
      this.#app.set(row.name, fitted(row, this.#values[axis]), {gesture: this.#gesture});
    });
  }

  #finish() {
    if (this.#gesture === null) return;
    this.#app.undo.end(this.#gesture);
    this.#gesture = null;
    this.element.classList.remove("held");
    this.#rows.forEach(row => this.#app.release(row.name));
  }

  #reset() {
    if (!this.#begin()) return;
    for (const row of this.#rows) {
      if (!isLocked(row.name)) this.#app.set(row.name, row.start, {gesture: this.#gesture});
    }
    this.#finish();
  }

  #menu(x, y) {
    const box = this.element.getBoundingClientRect();
    openMenu(this.#app, this.#rows[y - box.top > box.height / 2 ? 0 : 1], x, y);
  }

  #lost() {
    const holding = this.#gesture !== null;
    this.#gesture = null;
    this.element.classList.remove("held");
    this.#drag.drop();
    if (holding) this.#app.notTaken(this.element);
  }
}
