/**
 * Held-out frames: input, truth, and as they were painted at each judgement. All pictures are
 * kept, so that the slider answers at once, and still does when the training's process has gone.
 */

import {arrange, button, calm, clock, make, tell} from "./dom.js";

const PLAYING = 350; // ms from one judgement to the next
const NAMES = ["input", "truth", "painted"];

/**
 * @param {function(): void} changed called when another judgement is looked at
 * @returns {{element: HTMLElement, update: function(Object): void, seconds: function(): ?number}}
 */
export function wall(changed) {
  const strips = new Map(); // by name: {url, count}
  const asked = new Set();
  let rows = []; // judgements that have a picture
  let chosen = null; // the step looked at; null follows the newest
  let timer = 0;

  const slider = make("input", {type: "range", min: "0", "aria-label": "which judgement"});
  slider.addEventListener("input", () => {
    stop();
    look(+slider.value);
  });
  const play = button("button", "play", "watch it get better, from the start", () =>
    timer ? stop() : start(),
  );
  const when = make("span", {}, "");
  const figures = make("span", {}, "");
  const examples = make("div.wall");
  const thumbs = make("div.strip", {"aria-label": "judgements", role: "group"});
  const waiting = make("div.wait", {}, "");
  const shown = make(
    "div",
    {hidden: true},
    make("div.travel", {}, play, slider),
    make("div.when", {}, when, figures),
    examples,
    thumbs,
  );

  function update(state) {
    const stick = thumbs.scrollLeft + thumbs.clientWidth >= thumbs.scrollWidth - 8;
    rows = state.judged.filter(row => row.picture);
    if (rows.length) ["input", "truth"].forEach(fetchStrip);
    for (const row of rows) fetchStrip(String(row.step));
    rows = rows.filter(row => strips.has(String(row.step)));
    if (!rows.some(row => row.step === chosen)) chosen = null;
    const count = strips.get("input")?.count;
    shown.hidden = !rows.length || !count || !strips.has("truth");
    waiting.hidden = !shown.hidden;
    tell(
      waiting,
      state.phase === "reading"
        ? "First the clip is read."
        : "The first pictures come after ten seconds of training.",
    );
    if (shown.hidden) return;
    while (examples.children.length < count) examples.append(example(examples.children.length));
    slider.max = String(rows.length - 1);
    arrange(thumbs, rows.map(thumb));
    draw();
    if (stick && chosen === null) thumbs.scrollLeft = thumbs.scrollWidth;
  }

  /** A strip of pictures, once; one that could not be had is asked for again. */
  async function fetchStrip(name) {
    if (asked.has(name)) return;
    asked.add(name);
    try {
      const answer = await fetch(`/judged/${name}.jpg`);
      if (!answer.ok) throw new Error(answer.statusText);
      const url = URL.createObjectURL(await answer.blob());
      const image = new Image();
      image.src = url;
      await image.decode();
      strips.set(name, {url, count: Math.max(1, Math.round(image.width / image.height))});
    } catch {
      setTimeout(() => asked.delete(name), 2000);
    }
  }

  function example(number) {
    const cells = NAMES.map(name =>
      make("div.cell", {
        role: "img",
        "aria-label": `${name}, frame ${number + 1}`,
        "data-name": name,
      }),
    );
    return make("figure.example", {}, ...cells);
  }

  const buttons = new Map();
  function thumb(row) {
    if (!buttons.has(row.step)) {
      const made = button("button", "", `after ${clock(row.seconds)}`, () => {
        stop();
        look(rows.findIndex(one => one.step === row.step));
      });
      paint(made, String(row.step), 0);
      buttons.set(row.step, made);
    }
    return buttons.get(row.step);
  }

  function look(place) {
    chosen = place >= rows.length - 1 ? null : rows[place].step;
    draw();
    changed();
  }

  function place() {
    return chosen === null ? rows.length - 1 : rows.findIndex(row => row.step === chosen);
  }

  function draw() {
    const at = place();
    const row = rows[at];
    slider.value = String(at);
    when.replaceChildren(
      at === rows.length - 1 ? "now, as it paints after " : "as it painted after ",
      make(row.best ? "b.best" : "b", {}, clock(row.seconds)),
    );
    slider.setAttribute("aria-valuetext", when.textContent);
    tell(
      figures,
      `difference ${row.l1.toFixed(3)} · edges ${row.edges.toFixed(2)} · ` +
        `sharpness ${row.sharpness.toFixed(2)}`,
    );
    [...examples.children].forEach((one, number) => {
      const [input, truth, painted] = one.children;
      paint(input, "input", number);
      paint(truth, "truth", number);
      paint(painted, String(row.step), number);
    });
    for (const [step, made] of buttons) {
      made.setAttribute("aria-pressed", String(step === row.step));
    }
  }

  /** A strip's picture of a number as the ground of an element. */
  function paint(element, name, number) {
    const {url, count} = strips.get(name);
    const ground = `url("${url}")`;
    if (element.style.backgroundImage === ground) return;
    element.style.backgroundImage = ground;
    element.style.backgroundSize = `${100 * count}% 100%`;
    element.style.backgroundPosition = `${count > 1 ? (100 * number) / (count - 1) : 0}% 0`;
  }

  function start() {
    tell(play, "stop");
    let at = -1;
    const step = () => {
      at += 1;
      look(at);
      if (at >= rows.length - 1) stop();
    };
    timer = setInterval(step, calm() ? 3 * PLAYING : PLAYING);
    step();
  }

  function stop() {
    clearInterval(timer);
    timer = 0;
    tell(play, "play");
  }

  return {
    element: make("section", {"aria-label": "held-out frames"}, waiting, shown),
    update,
    seconds: () => (chosen === null ? null : rows[place()].seconds),
  };
}
