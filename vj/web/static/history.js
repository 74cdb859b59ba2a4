/** The last prompts that were sent from this device. */

const KEY = "vj.prompts";
const KEPT = 40;

let texts = remembered();
const callbacks = new Set();

function remembered() {
  try {
    const list = JSON.parse(localStorage.getItem(KEY));
    return Array.isArray(list) ? list.filter(text => typeof text === "string").slice(0, KEPT) : [];
  } catch {
    return []; // no storage here, or something else in it
  }
}

export const history = {
  /** Keep a text, the newest first. */
  add(text) {
    const clean = text.trim();
    if (!clean || texts[0] === clean) return;
    texts = [clean, ...texts.filter(other => other !== clean)].slice(0, KEPT);
    try {
      localStorage.setItem(KEY, JSON.stringify(texts));
    } catch {
      // it lasts until the page is closed
    }
    for (const callback of callbacks) callback(texts);
  },

  /** Call `callback(texts)` now and after each change. */
  subscribe(callback) {
    callbacks.add(callback);
    callback(texts);
  },
};
