/**
 * The tabs with all the rest. Where there is room they stand beside the stage and one is always
 * open; elsewhere one covers the pads and faders, and the picture stays in sight.
 */

import {make, tell, withoutFocus} from "./dom.js";
import {TABS} from "./main.js";

const KEY = "vj.tab";
const BESIDE = "(min-width: 1100px) and (min-height: 620px)";
const STAGE = [
  {name: "play", title: "play"},
  {name: "xy", title: "xy"},
]; // what the stage itself shows

export function mount(element, app) {
  const beside = matchMedia(BESIDE);
  const bar = make("nav.tabs", {role: "tablist", "aria-label": "tabs"});
  const sheets = make("div.sheet");
  const tabs = new Map();
  const mounted = new Set();
  let open = "";

  for (const tab of [...STAGE, ...TABS]) {
    const button = withoutFocus(
      make("button", {
        type: "button",
        role: "tab",
        id: `tab-${tab.name}`,
        textContent: tab.title,
        onclick: () => show(tab.name),
      }),
    );
    const sheet = make("div.page", {
      role: "tabpanel",
      id: `page-${tab.name}`,
      hidden: true,
      "aria-labelledby": `tab-${tab.name}`,
    });
    button.setAttribute("aria-controls", sheet.id);
    button.dataset.tab = tab.name;
    bar.append(button);
    if (tab.load) sheets.append(sheet);
    tabs.set(tab.name, {tab, button, sheet});
  }
  element.append(bar, sheets);

  function show(name) {
    if (!tabs.has(name)) return;
    const ofStage = !tabs.get(name).tab.load;
    open = ofStage && beside.matches ? remembered() : name;
    for (const [other, {button, sheet}] of tabs) {
      const chosen = other === open;
      button.setAttribute("aria-selected", String(chosen));
      button.tabIndex = chosen ? 0 : -1;
      sheet.hidden = !chosen;
    }
    document.body.dataset.tab = open;
    const {button: chosen} = tabs.get(open);
    bar.scrollLeft =
      chosen.offsetLeft - bar.offsetLeft - (bar.clientWidth - chosen.offsetWidth) / 2;
    document.body.classList.toggle("panel-open", Boolean(tabs.get(open).tab.load));
    fill(tabs.get(open));
    if (tabs.get(open).tab.load) remember(open);
    app.emit("tab", open);
  }

  /** A tab is made when it is opened first; one that cannot be made says so. */
  async function fill({tab, sheet}) {
    if (!tab.load || mounted.has(tab.name) || app.show === null) return;
    mounted.add(tab.name);
    try {
      (await tab.load()).mount(sheet, app);
    } catch (error) {
      console.error(tab.name, error);
      sheet.replaceChildren(
        make("p.remark", {textContent: `${tab.title} cannot be shown: ${error.message}`}),
      );
    }
  }

  bar.addEventListener("keydown", event => {
    const by = {ArrowRight: 1, ArrowLeft: -1}[event.key];
    if (!by) return;
    event.preventDefault();
    const seen = [...tabs.values()].filter(({button}) => button.offsetParent !== null);
    const place = seen.findIndex(({tab}) => tab.name === open);
    const next = seen[(place + by + seen.length) % seen.length];
    show(next.tab.name);
    next.button.focus();
  });
  const begin = () => show(beside.matches ? remembered() : "play");
  if (beside.addEventListener) beside.addEventListener("change", begin);
  app.on("panel", show);
  app.on("escape", () => show("play"));
  begin();
  app.onShow(show => {
    for (const {tab, button} of tabs.values()) {
      if (tab.titleOf) tell(button, tab.titleOf(show));
    }
    fill(tabs.get(open));
  });
}

function remembered() {
  try {
    const name = localStorage.getItem(KEY);
    if (TABS.some(tab => tab.name === name)) return name;
  } catch {
    // no storage here
  }
  return TABS[0].name;
}

function remember(name) {
  try {
    localStorage.setItem(KEY, name);
  } catch {
    // no storage here
  }
}
