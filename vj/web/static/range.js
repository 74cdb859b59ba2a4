/** The range of a mapping: how far the ends of a control take its parameter. */

import {make} from "./dom.js";
import {attempt, button, labelOf, openSheet, short, statusLine} from "./parts.js";

/**
 * The range editor for what is mapped to a parameter; a choice first, where several controls are.
 * @param {Object} app
 * @param {string} name a parameter
 * @param {string} [control] only mappings of this control
 */
export async function editRange(app, name, control) {
  const line = statusLine();
  const sheet = openSheet(`Range of ${labelOf(app, name)}`);
  sheet.body.append(line);
  const reply = await attempt(line, app.connection.request("mappings"));
  if (!reply) return;
  const all = (reply.list ?? []).filter(one => one.to === name && one.range);
  const those = all.filter(one => !control || one.control.startsWith(control));
  const found = those.length ? those : all;
  if (found.length === 1) {
    sheet.close();
    rangeSheet(app, found[0]);
    return;
  }
  line.textContent = found.length ? "Which control?" : "No control is mapped to it yet.";
  sheet.body.append(
    ...found.map(one =>
      button(one.control, () => {
        sheet.close();
        rangeSheet(app, one);
      }),
    ),
  );
}

/**
 * @param {Object} app
 * @param {{key: string, control: string, to: string, range: number[]}} mapping
 * @param {function(): void} done called when another range was kept
 */
export function rangeSheet(app, mapping, done = () => {}) {
  const row = app.row(mapping.to);
  const [low, high] = [row?.low ?? 0, row?.high ?? 1];
  const line = statusLine();
  const sheet = openSheet(`${mapping.control} moves ${labelOf(app, mapping.to)}`);
  const ends = mapping.range.map((value, index) => end(["from", "to"][index], value));
  sheet.body.append(
    ...ends.map(one => one.element),
    line,
    make(
      "div.t-row.t-end",
      {},
      button("Turn round", () => {
        const [first, second] = ends.map(one => one.value());
        ends[0].set(second);
        ends[1].set(first);
      }),
      button("Whole range", () => [low, high].forEach((value, index) => ends[index].set(value))),
      button("Keep", save, {className: "t-button t-main"}),
    ),
  );

  function end(text, value) {
    const step = row?.kind === "int" ? 1 : (high - low) / 1000;
    const slider = make("input", {
      type: "range",
      min: low,
      max: high,
      step,
      value,
      "aria-label": `${text}, as a slider`,
    });
    const number = make("input", {
      type: "number",
      min: low,
      max: high,
      step: "any",
      value,
      "aria-label": text,
    });
    slider.addEventListener("input", () => {
      number.value = short(+slider.value);
    });
    number.addEventListener("input", () => {
      slider.value = number.value;
    });
    const set = to => {
      number.value = short(to);
      slider.value = to;
    };
    set(value);
    const now = button("Now", () => set(app.values.target(mapping.to) ?? +number.value), {
      "aria-label": `${text}: as it stands now`,
    });
    return {
      element: make("div.t-range", {}, make("span", {}, text), slider, number, row ? now : null),
      value: () => +number.value,
      set,
    };
  }

  async function save() {
    const range = ends.map(one => one.value());
    const reply = await attempt(line, app.connection.request("range", {key: mapping.key, range}));
    if (!reply) return;
    sheet.close();
    done();
  }
}
