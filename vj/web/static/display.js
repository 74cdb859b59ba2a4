/**
 * `/display`: the displays of the show. Their four corners are dragged, or moved by the arrow keys,
 * ten pixels with Shift; turn, mirror, fit, mask, test pattern.
 */

import {Connection} from "./connection.js";
import {arrange, button, make, tell} from "./dom.js";
import {askPin} from "./pin.js";

const LOOK = 1000; // ms between two looks at how they are
const PACE = 40; // ms between two moves that are sent
const NAMES = ["top-left", "top-right", "bottom-right", "bottom-left"];
const SQUARE = [[0, 0], [1, 0], [1, 1], [0, 1]];
const COLOURS = ["#ff5a4a", "#5fd35f", "#6f9cff", "#fad228"]; // as the test pattern has them
const BESIDE = 0.12; // what is shown around the screen, in shares of it
const THUMB = 20; // px: half of what a finger hits
const ARROWS = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};
const SVG = "http://www.w3.org/2000/svg";
const FLIPS = [["none", "not mirrored"], ["across", "mirrored across"], ["down", "mirrored down"], ["both", "mirrored both ways"]];
const FITS = [["contain", "whole, black beside it"], ["cover", "fills, edges cut off"], ["stretch", "stretched"]];
const TURNS = [[0, "upright"], [90, "turned 90°"], [180, "turned 180°"], [270, "turned 270°"]];

const status = document.querySelector(".t-status");
const list = document.getElementById("displays");
const connection = new Connection("");
const cards = new Map();

function say(text, wrong = false) {
  tell(status, text);
  status.classList.toggle("t-error", wrong);
}

function svg(name, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function choice(label, options, change) {
  const made = make("select", {"aria-label": label});
  for (const [value, text] of options) made.append(make("option", {value, textContent: text}));
  made.addEventListener("change", () => change(made.value));
  return made;
}

/** A file as it is, as a data URL. */
function encoded(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(new Error(`${file.name} cannot be read`));
    reader.readAsDataURL(file);
  });
}

class Card {
  #uri;
  #size = [16, 9];
  #corners = SQUARE;
  #held = null; // {corner, dx, dy} of the pointer
  #timer = 0;
  #waiting = null;

  constructor(display) {
    this.#uri = display.uri;
    this.state = make("small");
    this.file = make("small");
    this.pattern = button("button", "test pattern", "show the test pattern", () =>
      this.#ask({pattern: this.pattern.getAttribute("aria-pressed") !== "true"}));
    this.turn = choice("turn", TURNS, value => this.#ask({rotate: Number(value)}));
    this.flip = choice("mirror", FLIPS, value => this.#ask({flip: value}));
    this.fit = choice("fit", FITS, value => this.#ask({fit: value}));
    const reset = button("button", "corners back", "the corners back to those of the screen", () => this.#move(SQUARE));
    const file = make("input", {type: "file", accept: "image/png"});
    file.addEventListener("change", () => this.#mask(file));
    const mask = make("label.d-file", {title: "a PNG over the whole screen: white shows, black hides"}, "mask...", file);
    this.unmask = button("button", "no mask", "take the mask away", () => this.#ask({mask: ""}));
    this.open = button("button", "open it again", "its window was closed by hand", () => this.#ask({open: true}));
    this.stage = svg("svg", {class: "d-stage"});
    this.screen = svg("rect", {class: "d-screen"});
    this.picture = svg("polygon", {class: "d-picture"});
    this.handles = NAMES.map((name, corner) => this.#handle(name, corner));
    this.stage.append(this.screen, this.picture, ...this.handles);
    this.element = make(
      "section.d-card",
      {"aria-label": display.uri},
      make("h2", {}, display.uri, this.state),
      this.stage,
      make("div.d-row", {}, this.pattern, reset, this.open),
      make("div.d-row", {}, this.turn, this.flip, this.fit, mask, this.unmask),
      this.file,
    );
  }

  show(display) {
    tell(this.state, display.state + (display.lag ? ` · ${display.lag} ms` : ""));
    tell(this.file, display.file ? `kept in ${display.file}` : "");
    this.pattern.setAttribute("aria-pressed", String(display.pattern));
    this.open.hidden = !display.closed;
    this.unmask.hidden = !display.setup.mask;
    this.turn.value = display.setup.rotate;
    this.flip.value = display.setup.flip;
    this.fit.value = display.setup.fit;
    if (display.size) this.#size = display.size;
    if (this.#held || this.#waiting || this.#timer) return;
    this.#corners = NAMES.map(name => display.setup.corners[name]);
    this.#draw();
  }

  #handle(name, corner) {
    const made = svg(
      "g",
      {class: "d-corner", tabindex: "0", role: "slider", "aria-label": name, style: `color: ${COLOURS[corner]}`},
      svg("circle", {class: "d-ring"}),
      svg("text"),
    );
    made.lastChild.textContent = corner + 1;
    made.addEventListener("pointerdown", event => {
      if (event.button !== 0) return;
      const [x, y] = this.#place(event);
      this.#held = {corner, dx: this.#corners[corner][0] - x, dy: this.#corners[corner][1] - y};
      made.setPointerCapture(event.pointerId);
      made.focus();
      event.preventDefault();
    });
    made.addEventListener("pointermove", event => {
      if (this.#held === null || this.#held.corner !== corner) return;
      const [x, y] = this.#place(event);
      this.#moveCorner(corner, x + this.#held.dx, y + this.#held.dy);
    });
    for (const end of ["pointerup", "pointercancel"]) {
      made.addEventListener(end, () => {
        this.#held = null;
      });
    }
    made.addEventListener("keydown", event => {
      if (!(event.key in ARROWS)) return;
      event.preventDefault();
      const step = event.shiftKey ? 10 : 1;
      const [x, y] = this.#corners[corner];
      const [across, down] = ARROWS[event.key];
      this.#moveCorner(corner, x + (across * step) / this.#size[0], y + (down * step) / this.#size[1]);
    });
    return made;
  }

  /** Where a pointer is, in shares of the screen. */
  #place(event) {
    const box = this.stage.getBoundingClientRect();
    const whole = 1 + 2 * BESIDE;
    return [
      ((event.clientX - box.left) / box.width) * whole - BESIDE,
      ((event.clientY - box.top) / box.height) * whole - BESIDE,
    ];
  }

  #moveCorner(corner, x, y) {
    const within = value => Math.min(1.5, Math.max(-0.5, value));
    this.#move(this.#corners.map((old, index) => (index === corner ? [within(x), within(y)] : old)));
  }

  #move(corners) {
    this.#corners = corners;
    this.#draw();
    this.#waiting = corners;
    if (!this.#timer) this.#send();
  }

  /** The newest corners; those that come meanwhile follow. */
  async #send() {
    const corners = this.#waiting;
    this.#waiting = null;
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      if (this.#waiting) this.#send();
    }, PACE);
    await this.#ask({corners});
  }

  async #mask(file) {
    if (!file.files.length) return;
    try {
      await this.#ask({image: await encoded(file.files[0])});
    } catch (error) {
      say(error.message, true);
    }
    file.value = "";
  }

  async #ask(fields) {
    try {
      const reply = await connection.request("display", {display: this.#uri, ...fields});
      say("");
      this.show(reply.display);
    } catch (error) {
      say(error.message, true);
    }
  }

  #draw() {
    const [width, height] = this.#size;
    const beside = [width * BESIDE, height * BESIDE];
    const set = (element, fields) => {
      for (const [key, value] of Object.entries(fields)) element.setAttribute(key, value);
    };
    set(this.stage, {viewBox: `${-beside[0]} ${-beside[1]} ${width + 2 * beside[0]} ${height + 2 * beside[1]}`});
    set(this.screen, {width, height});
    const places = this.#corners.map(([x, y]) => [x * width, y * height]);
    set(this.picture, {points: places.map(place => place.join(",")).join(" ")});
    const shown = this.stage.getBoundingClientRect().width; // 0 before it is on the page
    const thumb = shown ? (THUMB / shown) * width * (1 + 2 * BESIDE) : 0;
    const radius = Math.max(width * 0.035, thumb);
    const near = BESIDE - 0.04; // a corner far beyond the screen is held at the edge of what is shown
    const seen = value => Math.min(1 + near, Math.max(-near, value));
    this.handles.forEach((handle, corner) => {
      const [x, y] = this.#corners[corner];
      set(handle, {transform: `translate(${seen(x) * width} ${seen(y) * height})`});
      set(handle.firstChild, {r: radius});
      set(handle.lastChild, {"font-size": radius});
    });
  }
}

async function look() {
  try {
    const {displays} = await connection.request("displays");
    for (const display of displays) {
      if (!cards.has(display.uri)) cards.set(display.uri, new Card(display));
      cards.get(display.uri).show(display);
    }
    list.className = "d-list";
    arrange(list, displays.map(display => cards.get(display.uri).element));
    if (!displays.length) say("this show has no display: add display to its sinks, or start it with --sink display");
    else if (!status.classList.contains("t-error")) say("");
  } catch (error) {
    say(error.message, true);
  }
}

connection.on("open", look);
connection.on("close", () => say("vj is away", true));
connection.on("pin", async () => {
  if (await askPin()) connection.connect();
});
connection.start();
setInterval(() => connection.connected && look(), LOOK);
