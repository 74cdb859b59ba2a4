/** Keys do on the page what they do in the terminal; a few more are the page's own. */

import {closeMenu} from "./menu.js";

const NAMES = {ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down"};

export function startKeys(app, picture) {
  document.addEventListener("keydown", event => {
    if (event.defaultPrevented) return;
    if (event.key === "Escape") {
      if (!closeMenu() && !picture.leave()) app.emit("escape");
      return;
    }
    if (isTyping(event.target)) return;
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "z") {
      event.preventDefault();
      app.undo.undo();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const pressing = event.target instanceof HTMLButtonElement;
    if (pressing && (event.key === " " || event.key === "Enter")) return;
    if (play(app, event, picture)) event.preventDefault();
  });
}

/** @returns {boolean} whether the key was taken */
function play(app, event, picture) {
  const key = NAMES[event.key] || event.key;
  if (key.length !== 1 && !(event.key in NAMES)) return false;
  if (event.repeat) return true; // a key that is held fires no second cue
  // The show's own keys first.
  const mapped = Object.values(app.show ? app.show.mapped : {}).some(list =>
    list.includes(`key ${key}`),
  );
  if (!mapped && key === "f") picture.toggleFull();
  else if (!mapped && key === "v") picture.cycle();
  else if (app.mayPlay()) {
    app.connection.request("key", {key}).catch(error => app.say(error.message));
  }
  return true;
}

const isTyping = element =>
  element instanceof HTMLElement &&
  (element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName));
