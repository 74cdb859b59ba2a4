/**
 * The page's parts put together.
 *
 * Every part exports `mount(element, app)` and is mounted once; it follows a saved show by
 * itself, by `app.onShow(callback)`. What `app` has is documented at `makeApp` below.
 */

import {Connection} from "./connection.js";
import {flatten} from "./rows.js";
import {Sender} from "./sender.js";
import {State, Values} from "./store.js";
import {Undo} from "./undo.js";

const MESSAGES = 200; // kept

/**
 * The tabs, in their order. A tab's module is loaded when it is first opened. titleOf: what stands
 * on it, where that depends on the show.
 */
export const TABS = [
  {
    name: "words",
    title: "words",
    titleOf: show => (show.styles ? "styles" : "words"), // the picture model follows pictures
    load: () => import("./words.js"),
  },
  {name: "decks", title: "decks", load: () => import("./decks.js")},
  {name: "parameters", title: "all", load: () => import("./parameters.js")},
  {name: "draw", title: "draw", load: () => import("./draw.js")},
  {name: "timeline", title: "timeline", load: () => import("./timeline.js")},
  {name: "audio", title: "audio", load: () => import("./audio.js")},
  {name: "choosers", title: "in & out", load: () => import("./choosers.js")},
  {name: "mappings", title: "learn", load: () => import("./mappings.js")},
  {name: "reach", title: "reach", load: () => import("./reach.js")},
  {name: "messages", title: "log", load: () => import("./messages.js")},
];

/**
 * What the parts share.
 *
 * - `connection`: `request(type, fields) -> Promise`, `on(type, callback)`, `connected`
 * - `show`: the last `show` message, null before it; `onShow(callback)`: now and after each change
 * - `values`: `target(name)`, `effective(name)`, `subscribe(name, callback)`
 * - `state`: `get(key)`, `subscribe(key, callback)`
 * - `row(name)`: a leaf of the tree, see rows.js
 * - `set(name, value, {gesture})`: false when vj is away; without a gesture it is one by itself,
 *   for the undo. A trigger: `set(name, true)`
 * - `hold(name)`, `release(name)`: a hand is on it, and vj's values do not move it
 * - `undo`: see undo.js
 * - `notTaken(element)`: shows that vj was not there to take what a hand did with it
 * - `openPanel(name)`: opens a tab
 * - `say(text)`: a line for the performer
 * - `on(type, callback)`, `emit(type, detail)`: between the parts: `say`, `panel`, `tab`, `message`
 * - `messages`: those that vj has sent, the oldest first
 * - `learning`: learn mode: touching what has a `data-name` picks it and moves nothing (learn.js)
 */
export function makeApp() {
  const connection = new Connection();
  const values = new Values();
  const state = new State();
  const callbacks = new Map();
  let rows = new Map();
  const app = {
    connection,
    values,
    state,
    show: null,
    messages: [],
    learning: false,
    row: name => rows.get(name),
    rows: () => [...rows.values()],
    on(type, callback) {
      if (!callbacks.has(type)) callbacks.set(type, new Set());
      callbacks.get(type).add(callback);
    },
    emit(type, detail) {
      for (const callback of callbacks.get(type) || []) callback(detail);
    },
    onShow(callback) {
      app.on("show", callback);
      if (app.show) callback(app.show);
    },
    say: text => app.emit("say", text),
    openPanel: name => app.emit("panel", name),
    notTaken(element) {
      element.classList.add("not-taken");
      clearTimeout(element.notTaken);
      element.notTaken = setTimeout(() => element.classList.remove("not-taken"), 1200);
      app.say("not taken: vj is away");
    },
    mayPlay: () => app.show !== null && app.show.may.play,
  };
  const sender = new Sender(connection, values, app.say);
  app.undo = new Undo(app);
  app.hold = name => sender.hold(name);
  app.release = name => sender.release(name);
  app.held = name => sender.held(name);
  app.put = (name, value) => sender.set(name, value);
  app.set = (name, value, {gesture} = {}) => {
    const row = app.row(name);
    if (!connection.connected || !app.mayPlay()) return false;
    if (row && row.trigger) return app.fire(name, value);
    const own = gesture || app.undo.begin();
    app.undo.note(own, name);
    const taken = app.put(name, value);
    if (!gesture) app.undo.end(own);
    return taken;
  };
  // What does something: each one counts, and none is taken back.
  app.fire = (name, value = true) => {
    if (!connection.connected || !app.mayPlay()) return false;
    connection
      .request("set", {name, value})
      .then(reply => reply.remark && app.say(reply.remark))
      .catch(error => app.say(error.message));
    return true;
  };
  connection.on("show", show => {
    if (app.show && app.show.name !== show.name) app.undo.clear(); // another show's values
    app.show = show;
    rows = flatten(show.tree);
    document.title = show.name ? `${show.name} · vj` : "vj";
    document.body.classList.toggle("view-only", !show.may.play);
    app.emit("show", show);
  });
  connection.on("values", message => values.take(message));
  connection.on("state", message => state.take(message));
  connection.on("message", message => {
    app.messages.push(message);
    if (app.messages.length > MESSAGES) app.messages.shift();
    app.emit("message", message);
  });
  // After a while away vj says its last lines anew.
  connection.on("open", () => {
    app.messages.length = 0;
    app.emit("messages-anew");
  });
  const connected = on => {
    document.body.classList.toggle("away", !on);
    document.body.dataset.connected = on;
  };
  connection.on("open", () => connected(true));
  connection.on("close", () => connected(false));
  return app;
}

/** A part that cannot be loaded must not take the others with it. */
async function part(selector, app, load) {
  const element = document.querySelector(selector);
  try {
    const module = await load();
    module.mount(element, app);
  } catch (error) {
    console.error(selector, error);
  }
}

async function start() {
  const app = makeApp();
  // First the parts: a socket that wants the PIN says so once, at once.
  await Promise.all([
    part("#stage", app, () => import("./stage.js")),
    part("#panel", app, () => import("./panel.js")),
  ]);
  app.connection.start();
}

start();
