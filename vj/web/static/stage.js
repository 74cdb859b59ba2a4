/**
 * The first screen: picture, strip, pads, faders and the XY pad. It follows a saved show in
 * place.
 */

import {Actions} from "./actions.js";
import {arrange, make, tell} from "./dom.js";
import {Fader} from "./fader.js";
import {startGamepads} from "./gamepads.js";
import {startKeys} from "./keys.js";
import {Pads} from "./pads.js";
import {askPin, mount as mountUnlock} from "./pin.js";
import {Picture} from "./picture.js";
import {Strip} from "./strip.js";
import {mount as mountDrop} from "./style_drop.js";
import {keepAwake} from "./wake.js";
import {XY} from "./xy.js";

const MOST = 8; // faders
const GREETING = 1500; // ms in which vj repeats its last messages to a page that has come

export function mount(element, app) {
  const strip = new Strip(app);
  const actions = new Actions(app);
  const picture = new Picture(app);
  const pads = new Pads(app);
  const xy = new XY(app);
  const bank = make("div.bank", {role: "group", "aria-label": "faders"});
  const play = make("div.play", {}, pads.element, make("div.hands", {}, bank, xy.element));
  const faders = new Map();
  element.append(
    make("div.strip", {}, strip.element, actions.element),
    picture.element,
    play,
    said(app),
  );

  app.onShow(show => {
    const names = show.stage.faders.filter(name => app.row(name)).slice(0, MOST);
    for (const [name, fader] of [...faders]) {
      if (names.includes(name)) continue;
      fader.destroy();
      faders.delete(name);
    }
    for (const name of names) {
      if (faders.has(name)) faders.get(name).update(app.row(name));
      else faders.set(name, new Fader(app, app.row(name), true));
    }
    arrange(
      bank,
      names.map(name => faders.get(name).element),
    );
    bank.parentElement.style.setProperty("--faders", Math.max(1, names.length));
    bank.classList.toggle("few", names.length < 5);
    xy.update();
    pads.update();
    actions.update();
    play.classList.toggle("no-pads", show.stage.pads.length === 0);
    document.body.classList.toggle("no-xy", xy.element.hidden);
  });
  mountUnlock(picture.element, app);
  const unlock = async () => {
    picture.lock(unlock);
    if (await askPin()) app.connection.connect();
  };
  app.connection.on("pin", unlock);
  // A phone leaves the page moved up where its keyboard was.
  document.addEventListener("focusout", () => window.scrollTo(0, 0));
  startKeys(app, picture);
  startGamepads(app);
  mountDrop(app);
  keepAwake();
}

/** A line for the performer, over the picture's foot, for some seconds. */
function said(app) {
  const line = make("div.said", {role: "status"});
  let timer = 0;
  let opened = 0;
  app.connection.on("open", () => (opened = performance.now()));
  // vj's messages too, but for those of before this page came.
  app.on("message", ({text}) => performance.now() - opened > GREETING && app.say(text));
  app.on("say", text => {
    tell(line, text || "");
    line.classList.toggle("shown", Boolean(text));
    clearTimeout(timer);
    timer = setTimeout(() => line.classList.remove("shown"), 5000);
  });
  return line;
}
