/** The page of a room: every piece with its picture, asked for while it is seen; panic, restart. */

import {arrange, make, onPress, tell} from "./dom.js";
import {confirmButton} from "./parts.js";
import {askPin} from "./pin.js";

const PERIOD = 1000; // ms between two questions how the pieces are
const REST = 120; // ms between two pictures of a piece
const MISSING = 1000; // ms until a piece that shows nothing is asked again
const LINES = 10;
const WANTS_PIN = 401;

const tiles = new Map();
const rows = new Map();
let state = null;

const name = make("h1", {}, "room");
const about = make("p.about", {}, "");
const panic = make("button.panic", {type: "button"}, "Panic");
const pieces = make("div.pieces");
const said = make("p.said", {role: "status", "aria-live": "polite"}, "");
const lines = make("ul.lines");
const words = make("section.words", {hidden: true}, make("h2", {}, "What they said"), lines);
const root = document.getElementById("room");
root.append(make("header.top", {}, name, about, panic), said, pieces, words);
onPress(panic, () => post("/panic"));

async function ask() {
  let gone = false;
  try {
    const answer = await fetch("/room.json", {cache: "no-store"});
    if (answer.status === WANTS_PIN) {
      if (await askPin()) location.reload();
      return; // the sheet was closed: a reload asks again
    }
    if (!answer.ok) throw new Error(answer.statusText);
    state = await answer.json();
  } catch {
    gone = true;
  }
  root.classList.toggle("gone", gone);
  if (gone) tell(said, "The room does not answer. Is it running?");
  else draw();
  setTimeout(ask, PERIOD);
}

function draw() {
  tell(name, state.name);
  const well = state.pieces.filter(piece => piece.state === "playing").length;
  const tempo = `${state.bpm} bpm${state.linked ? " by Link" : ""}`;
  tell(about, `${well} of ${state.pieces.length} playing · ${tempo} · OSC ${state.osc}`);
  tell(said, "");
  document.title = `${state.name} · vj`;
  arrange(pieces, state.pieces.map(piece => tileOf(piece).element));
  for (const piece of state.pieces) tileOf(piece).update(piece);
  words.hidden = state.messages.length === 0;
  const last = state.messages.slice(-LINES);
  arrange(lines, last.map(row));
  const kept = new Set(last.map(keyOf)); // a page that is open for weeks
  for (const key of rows.keys()) if (!kept.has(key)) rows.delete(key);
}

function tileOf(piece) {
  if (!tiles.has(piece.name)) tiles.set(piece.name, tile(piece.name));
  return tiles.get(piece.name);
}

/** A piece's picture, how it is, and what can be done with it. */
function tile(piece) {
  const image = make("img", {alt: `what ${piece} shows`, draggable: false});
  const title = make("b", {}, piece);
  const show = make("span.show", {}, "");
  const mood = make("span.mood", {}, "");
  const why = make("p.why", {}, "");
  const open = make("a.open", {target: "_blank", rel: "noopener"}, "Open");
  const again = confirmButton("Restart", "Tap again to restart", () =>
    post("/restart", {piece}),
  );
  const element = make(
    "article.piece",
    {},
    make("div.frame", {}, image),
    make("div.line", {}, title, show, mood),
    why,
    make("div.acts", {}, open, again),
  );
  let plays = false;
  next();
  return {element, update};

  function update(now) {
    plays = now.fps > 0;
    element.dataset.state = moodOf(now);
    tell(show, now.show);
    tell(mood, plays ? `${now.fps.toFixed(1)} fps · ${now.state}` : now.state);
    tell(why, whyOf(now));
    open.hidden = !now.page;
    if (now.page) open.href = addressOf(now.page);
    again.hidden = !state.may_write;
  }

  /** One picture after the other: the next is asked for when the last is there. */
  async function next() {
    let rest = MISSING;
    if (plays && !document.hidden) {
      const width = Math.min(1280, Math.ceil(image.clientWidth * devicePixelRatio) || 480);
      try {
        const answer = await fetch(
          `/picture.jpg?piece=${encodeURIComponent(piece)}&width=${width}`,
          {cache: "no-store"},
        );
        if (answer.ok) {
          const before = image.src;
          image.src = URL.createObjectURL(await answer.blob());
          if (before) URL.revokeObjectURL(before);
          rest = REST;
        }
      } catch {
        // it is started again; the last picture stays
      }
    }
    setTimeout(next, rest);
  }
}

function moodOf(piece) {
  if (piece.state === "playing") return "playing";
  return ["restarting", "stopped", "ended"].includes(piece.state) ? piece.state : "coming";
}

function whyOf(piece) {
  const times = piece.restarts === 1 ? "once" : `${piece.restarts} times`;
  const parts = [];
  if (piece.fault) parts.push(`does not start, tried ${times}: ${piece.fault}`);
  else if (piece.restarts) parts.push(`started again ${times}: ${piece.why}`);
  if (piece.state === "restarting" && piece.wait) {
    parts.push(`next start ${piece.fault ? "when a file is saved, or " : ""}in ${piece.wait} s`);
  }
  if (piece.card) parts.push(`card ${piece.card}`);
  return parts.join(" · ");
}

/** A piece's own page, as this device reaches it: at the host that this page came from. */
function addressOf(page) {
  const found = new URL(page);
  found.hostname = location.hostname;
  return found.href;
}

function row([time, text]) {
  const key = keyOf([time, text]);
  if (!rows.has(key)) {
    rows.set(key, make("li", {}, make("time", {}, time), make("span", {}, text)));
  }
  return rows.get(key);
}

function keyOf([time, text]) {
  return `${time} ${text}`;
}

async function post(path, body = {}) {
  try {
    const answer = await fetch(path, {method: "POST", body: JSON.stringify(body)});
    if (!answer.ok) tell(said, (await answer.json()).error);
  } catch {
    tell(said, "The room does not answer.");
  }
}

ask();
