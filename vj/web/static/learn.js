/** Learn: touch a control on the page, move one on the controller, and the two are mapped. */

import {make} from "./dom.js";
import {button, labelOf, openSheet, say, short, statusLine} from "./parts.js";
import {editRange} from "./range.js";

let open = null; // the sheet of the one learn that can run

/**
 * Asks vj to map the next control that moves to a parameter, and shows what happens.
 * @param {Object} app
 * @param {string} name a parameter
 */
export function startLearn(app, name) {
  open?.close();
  const label = labelOf(app, name);
  const line = statusLine();
  const incoming = make("ul.t-incoming", {"aria-label": "what comes in"});
  const buttons = make("div.t-row.t-end");
  let found = "";
  let begun = false;
  const undo = [
    app.state.subscribe("learn", showLearn),
    app.state.subscribe("controls", showControls),
  ];
  const sheet = openSheet(`Learn ${label}`, {
    onClose() {
      undo.forEach(stop => stop?.());
      open = null;
      if (!found) app.connection.request("learn", {name: null}).catch(() => {});
    },
  });
  open = sheet;
  const lead = make(
    "p.t-lead",
    {},
    "Move a control for ",
    make("b", {}, label),
    ": a knob, fader or pad of a MIDI controller, or a fader that sends OSC.",
  );
  sheet.body.append(lead, make("div.t-pulse", {"aria-hidden": "true"}), incoming, line, buttons);
  offer(button("Cancel", sheet.close));
  showControls();
  app.connection.request("learn", {name}).then(showLearn, error => say(line, error.message, true));

  function offer(...those) {
    buttons.replaceChildren(...those);
  }

  function showControls() {
    const entries = Object.entries(app.state.get("controls") ?? {});
    incoming.replaceChildren(
      ...entries.map(([control, raw]) =>
        make("li", {}, make("span", {}, control), make("b", {}, short(raw))),
      ),
    );
    if (!entries.length) incoming.append(make("li.t-quiet", {}, "nothing comes in yet"));
  }

  function showLearn() {
    const learn = app.state.get("learn");
    if (found) return;
    if (learn && learn.name === name) {
      begun = true;
      if (learn.text) say(line, learn.text);
      if (learn.found) finish(learn);
    } else if (learn) {
      say(line, `another page is learning ${labelOf(app, learn.name)}`, true);
    } else if (begun) {
      say(line, "Nothing was learned: no control moved, or it was cancelled.", true);
      offer(
        button("Try again", () => startLearn(app, name)),
        button("Close", sheet.close),
      );
      begun = false;
    }
  }

  function finish(learn) {
    found = learn.found;
    sheet.body.classList.add("t-found");
    lead.replaceChildren(make("b", {}, learn.found), " now moves ", make("b", {}, label), ".");
    offer(
      button("Set its range", () => {
        sheet.close();
        editRange(app, name, learn.found);
      }),
      button("Done", sheet.close, {className: "t-button t-main"}),
    );
  }
}

const WATCHED = ["pointerdown", "pointerup", "mousedown", "click", "keydown"];
const NEAR = 12; // px between press and release of a touch that picks; more is scrolling
const AFTER = 500; // ms in which the click that follows a pick must do nothing

/**
 * Learn mode: every control has an outline, and the next one touched is learned.
 * The touch is taken on its way down, so that it moves nothing.
 * @param {Object} app
 * @param {boolean} on
 */
export function learnMode(app, on) {
  if (on === Boolean(app.learning)) return;
  app.learning = on;
  document.body.classList.toggle("learning", on);
  const act = on ? "addEventListener" : "removeEventListener";
  app.learnPick ??= picker(app);
  for (const type of WATCHED) window[act](type, app.learnPick, true);
  document.querySelector(".t-learning")?.remove();
  if (on) {
    document.body.append(
      make(
        "div.t-learning",
        {role: "status"},
        "Touch what a control is to move",
        button("Stop", () => learnMode(app, false)),
      ),
    );
  }
  window.dispatchEvent(new CustomEvent("learn-mode", {detail: {on}}));
}

/** Takes the events of learn mode. However long the touch: its end picks, not the click. */
function picker(app) {
  let pressed = null; // {x, y} of the touch that may pick
  return event => {
    if (event.type === "keydown" && event.key === "Escape") learnMode(app, false);
    const name = event.target.closest?.("[data-name]")?.dataset.name;
    if (!app.row(name)) return;
    const isKey = event.type === "keydown";
    if (isKey && event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    if (event.type === "pointerdown") pressed = {x: event.clientX, y: event.clientY};
    if (!isKey && event.type !== "pointerup") return;
    if (!isKey) {
      const near =
        pressed && Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) < NEAR;
      pressed = null;
      if (!near) return;
      swallowClick(event.target);
    }
    learnMode(app, false);
    startLearn(app, name);
  };
}

function swallowClick(target) {
  const swallow = event => {
    if (event.target !== target) return;
    event.preventDefault();
    event.stopPropagation();
  };
  window.addEventListener("click", swallow, true);
  setTimeout(() => window.removeEventListener("click", swallow, true), AFTER);
}

/**
 * The learn button, wherever the stage wants it.
 * @returns {function(): void} takes it down
 */
export function mount(element, app) {
  const toggle = button("Learn", () => learnMode(app, !app.learning), {
    "aria-pressed": "false",
    "aria-label": "learn: map a control to what you touch next",
  });
  const follow = event => toggle.setAttribute("aria-pressed", String(event.detail.on));
  window.addEventListener("learn-mode", follow);
  element.append(toggle);
  return () => {
    window.removeEventListener("learn-mode", follow);
    toggle.remove();
  };
}
