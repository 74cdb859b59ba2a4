/** What a long press on a control opens: reset, type a value, learn, range, lock. */

import {make} from "./dom.js";
import {isNumber, written} from "./rows.js";

const KEY = "vj.locked";
const locked = new Set(remembered());
let open = null;

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) || [];
  } catch {
    return []; // no storage here, or something else in it
  }
}

/** Whether this page's hand may not move a parameter. */
export const isLocked = name => locked.has(name);

function toggleLock(app, name) {
  if (!locked.delete(name)) locked.add(name);
  try {
    localStorage.setItem(KEY, JSON.stringify([...locked]));
  } catch {
    // it holds until the page is closed
  }
  for (const element of document.querySelectorAll("[data-name]")) {
    if (element.dataset.name === name) element.classList.toggle("locked", isLocked(name));
  }
  app.say(isLocked(name) ? `${app.row(name).label} is locked on this page` : "");
}

/** Open the menu of a row near a point of the window. */
export function openMenu(app, row, x, y) {
  closeMenu();
  if (!app.mayPlay()) return;
  const before = document.activeElement;
  const item = (text, act) =>
    make("button", {
      type: "button",
      role: "menuitem",
      textContent: text,
      onclick: () => {
        closeMenu();
        act();
      },
    });
  const items = [];
  if (isNumber(row)) items.push(typed(app, row));
  items.push(
    item(`reset to ${written(row, row.start) || "nothing"}`, () => app.set(row.name, row.start)),
    item("learn a control", () => tool("./learn.js", "startLearn", app, row.name)),
  );
  if (app.show.mapped[row.name]) {
    items.push(
      item("range of its control", () => tool("./mappings.js", "editRange", app, row.name)),
    );
  }
  items.push(
    item(isLocked(row.name) ? "unlock" : "lock on this page", () => toggleLock(app, row.name)),
  );
  const sheet = make(
    "div.menu",
    {role: "menu", tabIndex: -1, "aria-label": row.label},
    make("h2", {textContent: row.label}),
  );
  const shade = make(
    "div.shade",
    {
      onpointerdown: event => {
        if (event.target === shade) {
          event.preventDefault();
          closeMenu();
        }
      },
    },
    sheet,
  );
  sheet.append(make("p", {textContent: row.help}), ...items);
  document.body.append(shade);
  place(sheet, x, y);
  open = {shade, before};
  sheet.focus({preventScroll: true});
}

export function closeMenu() {
  if (open === null) return false;
  const {shade, before} = open;
  open = null;
  shade.remove();
  if (before && before.isConnected) before.focus({preventScroll: true});
  return true;
}

/** A number can be typed to the digit. */
function typed(app, row) {
  const field = make("input", {
    type: "text",
    inputMode: "decimal",
    value: String(app.values.target(row.name)),
    "aria-label": `${row.label}, ${row.low} to ${row.high}`,
  });
  const give = () => {
    const value = Number(field.value.replace(",", "."));
    closeMenu();
    if (field.value.trim() !== "" && Number.isFinite(value)) app.set(row.name, value);
  };
  field.addEventListener("keydown", event => event.key === "Enter" && give());
  return make(
    "div.typed",
    {},
    field,
    make("button", {type: "button", textContent: "set", onclick: give}),
  );
}

/** The tools' modules are loaded when they are asked for. */
async function tool(path, name, app, parameter) {
  try {
    const module = await import(path);
    module[name](app, parameter);
  } catch (error) {
    console.error(path, error);
    app.say(`this cannot be opened: ${error.message}`);
  }
}

function place(sheet, x, y) {
  const {width, height} = sheet.getBoundingClientRect();
  const left = Math.max(8, Math.min(x - width / 2, innerWidth - width - 8));
  const top =
    y - height - 16 > 8 ? y - height - 16 : Math.max(8, Math.min(y + 16, innerHeight - height - 8));
  sheet.style.transform = `translate(${left}px, ${top}px)`;
}
