/** The curves of a training: small, each with its newest figure. */

import {make, tell} from "./dom.js";

const WIDTH = 300;
const HEIGHT = 64;
const SVG = "http://www.w3.org/2000/svg";

const CHARTS = [
  {key: "loss", title: "loss", remark: "what it still gets wrong as it learns", low: 0, digits: 3},
  {key: "l1", title: "difference", remark: "from frames it never saw: 0 is none", low: 0, digits: 3},
  {key: "edges", title: "edges", remark: "where the truth's are: 1 is all of them", aim: 1, digits: 2},
  {key: "sharpness", title: "sharpness", remark: "1: as crisp as the truth", low: 0, aim: 1, digits: 2},
];

/** @returns {{element: HTMLElement, update: function(Object, ?number): void}} */
export function charts() {
  const all = CHARTS.map(chart);
  return {
    element: make("div.charts", {}, ...all.map(one => one.element)),
    update(state, seconds) {
      for (const one of all) one.update(state, seconds);
    },
  };
}

function chart({key, title, remark, low, aim, digits}) {
  const number = make("b", {}, "");
  const svg = shape("svg", {viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none"});
  svg.setAttribute("role", "img");
  const goal = shape("path", {class: "aim"});
  const here = shape("path", {class: "here"});
  const line = shape("path", {});
  svg.append(goal, here, line);
  const element = make(
    "section.chart",
    {},
    make("header", {}, make("h2", {}, title), number),
    make("small", {}, remark),
    svg,
  );
  element.dataset.chart = key;

  function update(state, seconds) {
    const points =
      key === "loss" ? state.losses : state.judged.map(row => [row.seconds, row[key]]);
    if (!points.length) return;
    const values = points.map(point => point[1]);
    const bottom = low ?? Math.min(...values);
    const top = Math.max(aim ?? -Infinity, bottom + 1e-3, highest(values));
    const last = Math.max(state.seconds, points[points.length - 1][0], 1);
    const x = at => (WIDTH * at) / last;
    const y = value => HEIGHT - (HEIGHT - 4) * Math.min(1, (value - bottom) / (top - bottom)) - 2;
    tell(number, values[values.length - 1].toFixed(digits));
    line.setAttribute("d", drawn(points.map(([at, value]) => [x(at), y(value)])));
    if (aim !== undefined) goal.setAttribute("d", `M0 ${y(aim).toFixed(1)}H${WIDTH}`);
    here.setAttribute("d", seconds === null ? "" : `M${x(seconds).toFixed(1)} 0V${HEIGHT}`);
    svg.setAttribute("aria-label", `${title}, now ${number.textContent}`);
  }

  return {element, update};
}

/** Without the first few, which are so high that the rest would be flat. */
function highest(values) {
  const later = values.length > 20 ? values.slice(Math.ceil(values.length / 20)) : values;
  return Math.max(...later);
}

/** A line through points; of a single one a dash. */
function drawn(points) {
  const text = points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`);
  return points.length === 1 ? `M${text[0]}h8` : `M${text.join("L")}`;
}

function shape(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
