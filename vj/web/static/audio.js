/** The sound meter: the bands that the show's modulators follow, how loud each is, and its gain. */

import {make} from "./dom.js";
import {cleanups, labelOf} from "./parts.js";

/** The tab "sound". */
export function mount(element, app) {
  const undo = cleanups();
  const root = make("section.t-tool.t-audio", {"aria-label": "sound meter"});
  let rows = new Map();
  element.append(root);
  undo.add(app.state.subscribe("audio", show), () => root.remove());
  show();
  return undo.run;

  function show() {
    const bands = app.state.get("audio") ?? [];
    const keys = bands.map(one => `${one.name} ${one.band}`);
    if (!rows.size || keys.join() !== [...rows.keys()].join()) build(bands, keys);
    bands.forEach((band, index) => rows.get(keys[index])(band));
  }

  function build(bands, keys) {
    rows = new Map();
    root.replaceChildren();
    if (!bands.length)
      root.append(make("p.t-quiet", {}, "No modulator of this show follows sound."));
    bands.forEach((band, index) => {
      const bar = make("i");
      const meter = make(
        "div.t-meter",
        {
          role: "meter",
          "aria-label": `${labelOf(app, band.name)}: level`,
          "aria-valuemin": "0",
          "aria-valuemax": "1",
        },
        bar,
      );
      const gain = make("output.t-quiet");
      root.append(
        make(
          "div.t-band",
          {},
          make("b", {}, labelOf(app, band.name)),
          make("small", {}, band.band ?? ""),
          gain,
          meter,
        ),
      );
      rows.set(keys[index], now => {
        const level = Math.min(1, Math.max(0, now.level || 0));
        bar.style.transform = `scaleX(${level})`;
        meter.setAttribute("aria-valuenow", level.toFixed(2));
        const text =
          now.gain === null || now.gain === undefined ? "" : `gain ${now.gain.toFixed(1)}`;
        if (gain.textContent !== text) gain.textContent = text;
      });
    });
  }
}
