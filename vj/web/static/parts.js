/** The parts that the tools are built of: buttons that ask twice, a line for what came of it, sheets over the page. */

import {make, withoutFocus} from "./dom.js";

/** A button of the tools. */
export function button(text, onclick, attributes = {}) {
  return withoutFocus(make("button.t-button", {type: "button", onclick, ...attributes}, text));
}

/** A button that acts at a second tap within three seconds. */
export function confirmButton(text, question, act, attributes = {}) {
  const label = attributes["aria-label"];
  let timer = 0;
  const made = button(
    text,
    () => {
      if (!timer) {
        timer = setTimeout(disarm, 3000);
        made.classList.add("t-armed");
        made.textContent = question;
        if (label) made.setAttribute("aria-label", `${question} ${label}`);
        return;
      }
      disarm();
      act();
    },
    attributes,
  );
  function disarm() {
    clearTimeout(timer);
    timer = 0;
    made.classList.remove("t-armed");
    made.textContent = text;
    if (label) made.setAttribute("aria-label", label);
  }
  return made;
}

/** A line that says what became of a request. */
export function statusLine() {
  return make("p.t-status", {role: "status", "aria-live": "polite"});
}

/**
 * Waits for a request and says in `line` what came of it.
 * @returns {Promise<Object|null>} the reply, or null when it was refused
 */
export async function attempt(line, request, done = "") {
  say(line, "");
  try {
    const reply = await request;
    say(line, reply?.remark || done);
    return reply ?? {};
  } catch (error) {
    say(line, error.message || "not taken", true);
    return null;
  }
}

/** Text in a status line; an error stands out. */
export function say(line, text, isError = false) {
  line.textContent = text;
  line.classList.toggle("t-error", isError);
}

/** A parameter's name as people read it. */
export function labelOf(app, name) {
  return app.row(name)?.label ?? name;
}

/** A number as short as it can be read. */
export function short(value) {
  return typeof value === "number"
    ? String(+value.toFixed(Math.abs(value) >= 100 ? 0 : 3))
    : String(value);
}

/**
 * A sheet over the page, with the focus kept inside. (`<dialog>` is younger than Safari 15.0.)
 * @param {string} title
 * @param {{onClose?: function(): void}} options
 * @returns {{body: HTMLElement, close: function(): void}}
 */
export function openSheet(title, {onClose} = {}) {
  const before = document.activeElement;
  const body = make("div.t-sheet-body");
  const sheet = make(
    "div.t-sheet",
    {role: "dialog", "aria-modal": "true", "aria-label": title, tabIndex: "-1"},
    make(
      "header",
      {},
      make("h2", {}, title),
      button("×", close, {className: "t-button t-close", "aria-label": "close"}),
    ),
    body,
  );
  const cover = make("div.t-cover", {}, sheet);
  let pressed = false; // on the cover: the click of the touch that opened the sheet does not count
  cover.addEventListener("pointerdown", event => {
    pressed = event.target === cover;
  });
  cover.addEventListener("click", event => pressed && event.target === cover && close());
  cover.addEventListener("keydown", onKey);
  document.body.append(cover);
  sheet.focus();

  function onKey(event) {
    event.stopPropagation(); // the stage's keys play nothing while a sheet is open
    if (event.key === "Escape") close();
    if (event.key !== "Tab") return;
    const stops = [
      ...sheet.querySelectorAll("button, input, select, a[href], [tabindex='0']"),
    ].filter(stop => !stop.disabled && stop.offsetParent);
    const last = stops[stops.length - 1];
    const [from, to] = event.shiftKey ? [stops[0], last] : [last, stops[0]];
    if (to && (document.activeElement === from || document.activeElement === sheet)) {
      event.preventDefault();
      to.focus();
    }
  }
  function close() {
    if (!cover.isConnected) return;
    cover.remove();
    if (before?.isConnected) before.focus({preventScroll: true});
    onClose?.();
  }
  return {body, close};
}

/** Collects what has to be undone when a module is taken down. */
export function cleanups() {
  const all = [];
  return {
    add: (...undo) => all.push(...undo.filter(one => typeof one === "function")),
    run: () => all.splice(0).forEach(undo => undo()),
  };
}
