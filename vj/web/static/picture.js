/**
 * The picture: a tap shows another view of it, a double tap fills the screen. While mask/mode is
 * subject a tap picks what is tracked.
 */

import {arrange, button, make, tell} from "./dom.js";
import {Stream} from "./stream.js";
import {pick, picks} from "./subject_pick.js";

const NOT_HERE = ["sent", "canvas"]; // what /out and the tab draw show
const TWICE = 280; // ms in which a second tap makes a double tap
const DOTS = 2; // device pixels for each pixel of the page that are worth sending

export class Picture {
  #app;
  #streams = new Map();
  #view = "output";
  #timer = 0;

  constructor(app) {
    this.#app = app;
    this.views = make("div.views");
    this.name = button("button.small", "view", "another view: output, input, side by side (V)", () =>
      this.cycle(),
    );
    this.full = button("button.small", "full", "full screen (F)", () => this.toggleFull());
    const still = button("button.small.play-only", "still", "write this picture into takes/", () => {
      if (!app.fire("snapshot") && !app.connection.connected) app.notTaken(still);
    });
    still.dataset.name = "snapshot";
    this.away = make("div.lost", {role: "alert"});
    this.element = make(
      "figure.picture",
      {},
      this.views,
      make("div.corner", {}, still, this.name, this.full),
      this.away,
    );
    this.views.addEventListener("click", event => pick(app, event) || this.#tap());
    app.values.subscribe("mask/mode", () => this.#picking());
    app.onShow(() => this.#picking());
    app.connection.on("close", () => {
      this.away.onclick = null;
      tell(this.away, "vj is away. This page goes on by itself when it is back.");
    });
    app.connection.on("open", () => tell(this.away, ""));
    app.state.subscribe("views", () => this.update());
    app.state.subscribe("size", text => {
      const size = /^(\d+)x(\d+)/.exec(text || "");
      if (size) shape(size[1] / size[2]); // known before the first picture is here
    });
    if (window.ResizeObserver) new ResizeObserver(() => this.#size()).observe(this.views);
    for (const type of ["fullscreenchange", "webkitfullscreenchange"]) {
      document.addEventListener(type, () => this.#named());
    }
  }

  /** vj does not know this device. @param {() => void} unlock asks for the PIN */
  lock(unlock) {
    this.away.onclick = unlock;
    tell(this.away, "vj does not know this device yet: tap here to enter the PIN.");
  }

  /** Other views are there than before: a mask was switched on, say. */
  update() {
    if (!this.#choices().includes(this.#view)) this.#view = "output";
    this.#arrange();
  }

  /** The next view. */
  cycle() {
    const choices = this.#choices();
    this.#view = choices[(choices.indexOf(this.#view) + 1) % choices.length];
    this.#arrange();
  }

  /** Full screen, or where a phone has none for elements, nothing but the picture on the page. */
  toggleFull() {
    const {element} = this;
    if (document.fullscreenElement) document.exitFullscreen?.();
    else if (document.webkitFullscreenElement) document.webkitExitFullscreen?.();
    else if (document.body.classList.contains("picture-only")) this.#alone();
    else if (element.requestFullscreen) element.requestFullscreen?.().catch(() => this.#alone());
    else if (element.webkitRequestFullscreen) element.webkitRequestFullscreen();
    else this.#alone();
  }

  /** @returns {boolean} whether the picture stood alone, and does no longer */
  leave() {
    const alone = document.body.classList.contains("picture-only");
    if (alone) this.#alone();
    return alone;
  }

  #alone() {
    document.body.classList.toggle("picture-only");
    this.#named();
  }

  #picking() {
    this.views.classList.toggle("picks", picks(this.#app));
  }

  #choices() {
    const views = this.#single();
    return views.length > 1 ? [...views, "side by side"] : views;
  }

  #single() {
    const views = (this.#app.state.get("views") || []).filter(view => !NOT_HERE.includes(view));
    return views.length ? views : ["output"];
  }

  #arrange() {
    const shown = this.#view === "side by side" ? this.#single().slice(0, 4) : [this.#view];
    for (const [view, {stream}] of [...this.#streams]) {
      if (shown.includes(view)) continue;
      stream.close();
      this.#streams.delete(view);
    }
    for (const view of shown)
      if (!this.#streams.has(view)) this.#streams.set(view, this.#open(view));
    arrange(
      this.views,
      shown.map(view => this.#streams.get(view).box),
    );
    this.views.dataset.count = shown.length;
    this.#named();
    this.#size();
  }

  #open(view) {
    const canvas = make("canvas", {role: "img", "aria-label": view, width: 16, height: 9});
    const box = make("div.view", {}, canvas, make("span.caption", {textContent: view}));
    const onSize = (width, height) => {
      if (view !== "output" && this.#streams.has("output")) return;
      shape(width / height);
    };
    return {box, canvas, stream: new Stream(view, canvas, onSize)};
  }

  #size() {
    for (const {box, stream} of this.#streams.values()) {
      if (box.clientWidth)
        stream.ask(box.clientWidth * Math.min(DOTS, window.devicePixelRatio || 1));
    }
  }

  #named() {
    const whole = isFull() || document.body.classList.contains("picture-only");
    this.element.dataset.view = this.#view;
    tell(this.name, this.#view);
    tell(this.full, whole ? "back" : "full");
    this.name.hidden = this.#choices().length < 2;
  }

  #tap() {
    if (this.#timer) {
      clearTimeout(this.#timer);
      this.#timer = 0;
      this.toggleFull();
      return;
    }
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      this.cycle();
    }, TWICE);
  }
}

/** The page is laid out around a picture of this shape. */
function shape(aspect) {
  document.getElementById("app").style.setProperty("--aspect", aspect.toFixed(4));
}

function isFull() {
  if (document.fullscreenElement) return true;
  return Boolean(document.webkitFullscreenElement);
}
