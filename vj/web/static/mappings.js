/** What is mapped to what, what comes in now, ranges, and taking mappings out again. */

import {mount as mountLearn} from "./learn.js";
import {make} from "./dom.js";
import {
  attempt,
  button,
  cleanups,
  confirmButton,
  labelOf,
  say,
  short,
  statusLine,
} from "./parts.js";
import {rangeSheet} from "./range.js";

export {editRange} from "./range.js";

const FURTHER = 6; // looks after the first that saw a change
const AGAIN = 250; // ms between two looks at whether a saved show has been read
const READING = 20; // looks

/** The newest raw value of a control: `cc 1` of a mapping may be listed as `cc 1 ch 3`. */
function rawOf(app, control) {
  const controls = app.state.get("controls") ?? {};
  if (control in controls) return controls[control];
  const key = Object.keys(controls).find(one => one.startsWith(`${control} `));
  return key === undefined ? null : controls[key];
}

/** The tab "mappings". */
export function mount(element, app) {
  const line = statusLine();
  const list = make("ul.t-list", {"aria-label": "mappings"});
  const head = make("div.t-row");
  const root = make("section.t-tool.t-mappings", {}, head, line, list);
  const undo = cleanups();
  let meters = [];
  let listed = "";
  const learnHere = make("span.t-acts");
  undo.add(mountLearn(learnHere, app));
  head.append(learnHere, button("Read again", load));
  element.append(root);
  undo.add(app.connection.on("show", load), app.state.subscribe("controls", move), () =>
    root.remove(),
  );
  load();
  return undo.run;

  async function load() {
    const reply = await app.connection.request("mappings").catch(error => {
      say(line, error.message, true);
      return null;
    });
    if (!reply) return;
    listed = JSON.stringify(reply.list, (key, value) => (key === "raw" ? 0 : value));
    meters = [];
    list.replaceChildren(...(reply.list ?? []).map(entry));
    if (!meters.length) {
      list.append(
        make(
          "li.t-quiet",
          {},
          "Nothing is mapped. Touch Learn, then a fader of the page, then move a control.",
        ),
      );
    }
    move();
  }

  /**
   * What was changed stands in the file; it is listed once the show has been read again. A change
   * before it may come in between, so a few more looks follow the first one that sees any.
   */
  async function follow() {
    const before = listed;
    let seen = 0;
    for (let tries = 0; tries < READING && seen < FURTHER && root.isConnected; tries++) {
      await new Promise(resolve => setTimeout(resolve, AGAIN));
      await load();
      if (listed !== before) seen += 1;
    }
  }

  function entry(mapping) {
    const label = labelOf(app, mapping.to);
    const raw = make("output.t-raw", {"aria-label": `what comes from ${mapping.control}`});
    meters.push({control: mapping.control, raw, value: mapping.raw});
    const range = mapping.range ? `${short(mapping.range[0])} … ${short(mapping.range[1])}` : "";
    const details = [range, mapping.device, mapping.from].filter(Boolean).join(" · ");
    return make(
      "li.t-mapping",
      {},
      make("b.t-control", {}, mapping.control),
      raw,
      make("span.t-target", {}, label, make("small", {}, details)),
      mapping.own === false ? null : changes(mapping, label),
    );
  }

  /** What can be done to a mapping of the show's own file; an included one is changed in its file. */
  function changes(mapping, label) {
    const remove = async () => {
      const asked = app.connection.request("unmap", {key: mapping.key});
      if (await attempt(line, asked, "taken out of the show")) follow();
    };
    return make(
      "span.t-row.t-acts",
      {},
      mapping.range
        ? button("Range", () => rangeSheet(app, mapping, follow), {
            "aria-label": `range of ${mapping.control} to ${label}`,
          })
        : null,
      confirmButton("Remove", "Really?", remove, {
        "aria-label": `remove ${mapping.control} to ${label}`,
      }),
    );
  }

  function move() {
    for (const meter of meters) {
      const now = rawOf(app, meter.control);
      const value = now ?? meter.value;
      if (now !== null) meter.value = now;
      meter.raw.textContent = value === null || value === undefined ? "–" : short(value);
      meter.raw.classList.toggle("t-live", now !== null);
    }
  }
}
