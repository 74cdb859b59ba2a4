/**
 * Keys do on the page what they do in the terminal; a few more are the page's own. A key that the
 * show maps is held as long as it is down.
 */

import {closeMenu} from "./menu.js";

const NAMES = {ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down"};
const ALIVE = 500; // ms between two signs that a key is still held; vj lets go after 2 s without

export function startKeys(app, picture) {
  const held = new Map(); // by the key's place on the keyboard: Shift may change what it is called
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
    if (play(app, event, picture, held)) event.preventDefault();
  });
  document.addEventListener("keyup", event => lift(app, held, event.code));
  // What happens to a key while another window has it is not told.
  const letGo = () => [...held.keys()].forEach(code => lift(app, held, code));
  window.addEventListener("blur", letGo);
  document.addEventListener("visibilitychange", () => document.hidden && letGo());
  setInterval(() => held.forEach(key => tell(app, key, "held")), ALIVE);
}

/** @returns {boolean} whether the key was taken */
function play(app, event, picture, held) {
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
    tell(app, key, "down");
    if (mapped) held.set(event.code, key);
  }
  return true;
}

function lift(app, held, code) {
  if (!held.has(code)) return;
  tell(app, held.get(code), "up");
  held.delete(code);
}

const tell = (app, key, phase) =>
  app.connection.request("key", {key, phase}).catch(error => app.say(error.message));

const isTyping = element =>
  element instanceof HTMLElement &&
  (element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName));
