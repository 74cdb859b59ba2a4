/** Small helpers over the DOM. */

/**
 * An element. Attributes with a dash and `role` are set as attributes, all else as properties.
 * @param {string} tag may carry classes: `button.pad.big`
 */
export function make(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const made = document.createElement(name);
  if (classes.length) made.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes)) {
    if (key.includes("-") || key === "role") made.setAttribute(key, value);
    else made[key] = value;
  }
  made.append(...children.filter(child => child !== null && child !== undefined));
  return made;
}

/**
 * Make `elements` the children of `parent`, moving only those that have to move: an element that
 * stays where it is keeps its focus, its scrolling and the finger that holds it.
 */
export function arrange(parent, elements) {
  const wanted = new Set(elements);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  elements.forEach((element, place) => {
    if (parent.children[place] !== element) {
      parent.insertBefore(element, parent.children[place] || null);
    }
  });
}

/** Set text only where it differs: writing it anew would lay the page out anew. */
export function tell(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Keep a button that is clicked or touched from taking the keys: space and arrows fire cues. */
export function withoutFocus(element) {
  element.addEventListener("mousedown", event => event.preventDefault());
  return element;
}

/**
 * Act at the press, and not when the finger leaves: a cue is played on the beat. Keys and assistive
 * devices click without a press.
 */
export function onPress(element, act) {
  element.addEventListener("pointerdown", event => event.button === 0 && act());
  element.addEventListener("click", event => event.detail === 0 && act());
  return withoutFocus(element);
}

/** A button that a tap presses, with its whole name for assistive devices and as a hint. */
export function button(tag, text, label, act) {
  const made = make(tag, {type: "button", textContent: text, title: label, "aria-label": label});
  made.addEventListener("click", act);
  return withoutFocus(made);
}

/** `1:05`, `1:02:03` of seconds. */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const pad = number => String(number).padStart(2, "0");
  const minutes = Math.floor(whole / 60) % 60;
  const hours = Math.floor(whole / 3600);
  return hours ? `${hours}:${pad(minutes)}:${pad(whole % 60)}` : `${minutes}:${pad(whole % 60)}`;
}

export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
