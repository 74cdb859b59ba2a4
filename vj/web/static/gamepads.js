/**
 * Gamepads of this device: what moves of them is sent to vj, where the show maps it or learns it.
 * A browser shows a pad once a button of it has been pressed, and only while the page is seen.
 */

const STEP = 1 / 256; // less is no movement
const ALIVE = 500; // ms between two signs that something is still held

export function startGamepads(app) {
  const pads = new Map(); // by the browser's number: {device, values: Map of control to value}
  let running = false;
  let told = 0;

  function look() {
    const found = [...navigator.getGamepads()].filter(pad => pad && pad.connected);
    for (const [index] of pads) {
      if (!found.some(pad => pad.index === index)) leave(index);
    }
    const now = performance.now();
    const again = now - told >= ALIVE;
    if (again) told = now;
    for (const pad of found) send(pad, again);
    running = found.length > 0;
    if (running) requestAnimationFrame(look);
  }

  function send(pad, again) {
    const device = nameOf(pad);
    if (!pads.has(pad.index)) pads.set(pad.index, {device, values: new Map()});
    const known = pads.get(pad.index).values;
    const moved = {};
    const note = (control, value) => {
      const before = known.get(control) ?? 0;
      const end = value !== before && [0, 1, -1].includes(value);
      if (!end && Math.abs(value - before) < STEP && !(again && value !== 0)) return;
      known.set(control, value);
      moved[control] = value;
    };
    pad.axes.forEach((value, place) => note(`axis ${place}`, value));
    pad.buttons.forEach((button, place) => note(`button ${place}`, button.value));
    if (Object.keys(moved).length && app.mayPlay()) app.connection.send("pad", {device, moved});
  }

  function leave(index) {
    app.connection.send("pad", {device: pads.get(index).device, gone: true});
    pads.delete(index);
  }

  const begin = () => {
    if (!running && !document.hidden) {
      running = true;
      look();
    }
  };
  window.addEventListener("gamepadconnected", begin);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) [...pads.keys()].forEach(leave);
    else begin();
  });
  begin(); // a page that is loaded anew may see them at once
}

/** Without the numbers that a browser puts beside it. */
const nameOf = pad => pad.id.replace(/\s*\(.*\)\s*$/, "").slice(0, 80) || "gamepad";
