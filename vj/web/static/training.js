/** The page of a training: asks how far it is once a second, and keeps what it has seen. */

import {arrange, button, clock, make, tell} from "./dom.js";
import {confirmButton} from "./parts.js";
import {askPin} from "./pin.js";
import {charts} from "./training_charts.js";
import {wall} from "./training_wall.js";

const PERIOD = 1000; // ms
const LINES = 8;
const WANTS_PIN = 401;
const page = Math.random().toString(36).slice(2);

let state = null;
let gone = false;
let stopping = false;

const name = make("h1", {}, "training");
const about = make("p.about", {}, "");
const done = make("b", {}, "");
const left = make("span", {}, "");
const fill = make("i");
const said = make("p.said", {role: "status", "aria-live": "polite"}, "");
const stop = confirmButton("Stop, keep the best", "Tap again to stop", sendStop, {hidden: true});
const curves = charts();
const frames = wall(draw);
const command = make("code", {}, "");
const copy = button("button", "copy", "copy the command", copyCommand);
const played = make("p", {}, "");
const lines = make("ul.lines");
const words = make("section.box", {hidden: true}, make("h2", {}, "What it said"), lines);
const rows = new Map();

const root = document.getElementById("training");
root.append(
  make("header.top", {}, name, about, stop),
  make("div.how-far", {}, done, left),
  make("div.bar", {}, fill),
  said,
  make(
    "div.columns",
    {},
    frames.element,
    make(
      "aside.side",
      {},
      curves.element,
      make(
        "section.box",
        {},
        make("h2", {}, "Play it"),
        make("div.command", {}, command, copy),
        played,
      ),
      words,
    ),
  ),
);

async function ask() {
  try {
    const answer = await fetch(`/training.json?page=${page}`, {cache: "no-store"});
    if (answer.status === WANTS_PIN) {
      if (await askPin()) location.reload();
      return; // the sheet was closed: a reload asks again
    }
    if (!answer.ok) throw new Error(answer.statusText);
    state = await answer.json();
    gone = false;
  } catch {
    gone = true;
  }
  draw();
  const over = state?.phase === "ended";
  // what was painted last may still be on its way
  if (!over || !gone) setTimeout(ask, PERIOD);
}

function draw() {
  root.classList.toggle("gone", gone);
  if (state === null) {
    tell(said, gone ? "vj does not answer. Is it running?" : "");
    return;
  }
  const over = state.phase === "ended";
  root.classList.toggle("ended", over);
  document.title = `${over ? "done" : percent(state.share)} · ${state.name} · vj`;
  tell(name, state.name);
  tell(
    about,
    `from ${state.kind} · ${state.clips.join(", ")} · ${state.size} px · ${state.device}`,
  );
  tell(done, over ? `${clock(state.seconds)} trained` : percent(state.share));
  const times = over ? "" : `${clock(state.seconds)} done · ${clock(state.left)} left · `;
  tell(left, `${times}step ${state.step}`);
  left.hidden = state.step === 0;
  fill.style.transform = `scaleX(${state.share})`;
  tell(said, sentence(over));
  stop.hidden = !state.may_stop || over || gone;
  stop.disabled = stopping || state.phase === "stopping";
  tell(command, state.play);
  tell(played, playedWords(over));
  frames.update(state);
  curves.update(state, frames.seconds());
  words.hidden = state.messages.length === 0;
  arrange(lines, state.messages.slice(-LINES).map(row));
}

function sentence(over) {
  if (over) return `It has ended: ${state.outcome}.`;
  if (gone) return "vj does not answer any more; this is what was there last.";
  if (state.phase === "stopping" || stopping) return "It stops, and keeps the best.";
  const {messages} = state;
  return state.phase === "reading" && messages.length ? messages[messages.length - 1].text : "";
}

function playedWords(over) {
  if (!state.playable) return over ? "" : "As soon as the first frames have been judged.";
  if (over) return "The folder holds the best of it.";
  return "It plays already, while it learns on: the folder holds the best so far.";
}

function row({time, text}) {
  const key = `${time} ${text}`;
  if (!rows.has(key)) {
    rows.set(key, make("li", {}, make("time", {}, time), make("span", {}, text)));
  }
  return rows.get(key);
}

async function sendStop() {
  stopping = true;
  draw();
  try {
    const answer = await fetch("/stop", {method: "POST"});
    stopping = answer.ok;
  } catch {
    stopping = false;
  }
  draw();
}

async function copyCommand() {
  try {
    await navigator.clipboard.writeText(command.textContent);
    tell(copy, "copied");
  } catch {
    getSelection().selectAllChildren(command); // plain HTTP of another device has no clipboard
    tell(copy, "selected");
  }
  setTimeout(() => tell(copy, "copy"), 1500);
}

const percent = share => `${Math.floor(100 * share)} %`;

ask();
