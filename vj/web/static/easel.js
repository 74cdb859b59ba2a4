/** What the glass lies on: vj's canvas, or another view of the show, as large as there is room. */

import {make} from "./dom.js";
import {Feed, decoded, drawWhole, release} from "./feed.js";

const WIDTH = 1024; // pixels asked for
const NAMES = {canvas: "on paper", output: "over the output", input: "over the input"};

/**
 * @param {Object} app
 * @param {HTMLCanvasElement} glass lies exactly over the picture
 * @param {function(number): void} came told of each new picture: when it was asked for, in ms
 * @returns {{element: HTMLElement, chooser: HTMLElement, ink: function(): string, stop: function(): void}}
 *   ink: black or white, whichever is seen on the paper
 */
export function easel(app, glass, came) {
  const paper = make("canvas.t-paper", {width: 16, height: 16, "aria-hidden": "true"});
  const context = paper.getContext("2d", {alpha: false});
  const surface = make("div.t-surface", {}, paper, glass);
  const element = make("div.t-easel", {}, surface);
  const chooser = make("select", {
    "aria-label": "what is drawn on",
    onchange: () => look(chooser.value),
  });
  let feed = null;
  let view = "";
  let seen = false;
  const size = new ResizeObserver(fit);
  const sight = new IntersectionObserver(entries => {
    seen = entries[entries.length - 1].isIntersecting;
    if (seen) feed?.start();
    else feed?.stop(); // nobody looks: vj need not encode
  });
  size.observe(element);
  sight.observe(element);
  const stops = [
    app.state.subscribe("views", offer),
    app.state.subscribe("size", fitEmpty),
    () => size.disconnect(),
    () => sight.disconnect(),
    () => feed?.stop(),
  ];
  return {element, chooser, ink, stop: () => stops.forEach(stop => stop())};

  function ink() {
    const paper = app.state.get("canvas")?.paper ?? "#ffffff";
    const light = [1, 3, 5].reduce((sum, at) => sum + parseInt(paper.slice(at, at + 2), 16), 0);
    return light > 380 ? "#000000" : "#ffffff";
  }

  /** The views that there are now; the paper first. */
  function offer() {
    const views = Object.keys(NAMES).filter(one => (app.state.get("views") || []).includes(one));
    chooser.replaceChildren(
      ...views.map(one => make("option", {value: one, textContent: NAMES[one]})),
    );
    look(views.includes(view) ? view : (views[0] ?? "canvas"));
  }

  function look(now) {
    chooser.value = now;
    if (now === view) return;
    view = now;
    feed?.stop();
    feed = new Feed({view, width: WIDTH, quality: 85}, put);
    if (seen) feed.start();
  }

  async function put(blob, number, asked) {
    const picture = await decoded(blob);
    const before = paper.width / paper.height;
    drawWhole(paper, context, picture);
    release(picture);
    if (paper.width / paper.height !== before) fit();
    came(asked);
  }

  /** Until there is a picture: the shape of the show's. */
  function fitEmpty(text) {
    const [width, height] = String(text ?? "")
      .split("x")
      .map(Number);
    if (paper.width > 16 || !(width > 0 && height > 0)) return;
    paper.width = width;
    paper.height = height;
    context.fillStyle = "#fff";
    context.fillRect(0, 0, width, height);
    fit();
  }

  function fit() {
    const scale = Math.min(element.clientWidth / paper.width, element.clientHeight / paper.height);
    surface.style.width = `${Math.floor(paper.width * scale)}px`;
    surface.style.height = `${Math.floor(paper.height * scale)}px`;
  }
}
