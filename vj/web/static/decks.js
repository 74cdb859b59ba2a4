/** The decks: which source is on each, where its clip stands, the crossfader between them, and the next model. */

import {playing, startSource} from "./decks_state.js";
import {make, onPress, tell} from "./dom.js";
import {faderOf} from "./fader_of.js";
import {ParameterRow} from "./parameter.js";
import {button, cleanups} from "./parts.js";

const DECKS = [
  {key: "a", title: "Deck A", row: "source", names: "source", clip: "source/"},
  {key: "b", title: "Deck B", row: "deck/b", names: "deck_b", clip: "deck/b/"},
];

/** The tab "decks". */
export function mount(element, app) {
  const undo = cleanups();
  const decks = DECKS.map(deck => makeDeck(app, deck, undo));
  const model = makeModels(app);
  const middle = make(
    "section.t-card.d-middle",
    {"aria-label": "crossfader"},
    make(
      "div.d-cross",
      {},
      button("A", () => app.set("deck/mix", 0), {"aria-label": "deck A alone"}),
      faderOf(app, "deck/mix", undo, true),
      button("B", () => app.set("deck/mix", 1), {"aria-label": "deck B alone"}),
    ),
    make(
      "div.d-rows",
      {},
      rowOf(app, "deck/mode", undo),
      rowOf(app, "deck/space", undo),
      faderOf(app, "crossfade", undo),
    ),
  );
  const root = make(
    "section.t-tool.t-decks",
    {},
    middle,
    make("div.d-decks", {}, ...decks.map(one => one.element)),
    model.element,
  );
  element.append(root);
  const draw = () => [...decks, model].forEach(one => one.draw());
  undo.add(app.connection.on("show", draw), () => root.remove());
  for (const name of ["source", "deck/b", "model"]) undo.add(app.values.subscribe(name, draw));
  if (app.show) draw();
  return undo.run;
}

/** A parameter's row, as the panel of all parameters has it. */
function rowOf(app, name, undo) {
  const place = make("div.t-acts");
  let row = null;
  const follow = () => {
    const found = app.row(name);
    if (row && found && row.fits(found)) return row.update(found);
    if (row) row.destroy();
    row = found ? new ParameterRow(app, found) : null;
    if (row) place.append(row.element);
    place.hidden = !row;
  };
  undo.add(app.connection.on("show", follow), () => row?.destroy());
  if (app.show) follow();
  return place;
}

function makeDeck(app, deck, undo) {
  const names = make("div.t-chips.t-acts");
  const head = make("i.d-head");
  const part = make("i.d-part");
  const time = make("output.t-quiet");
  const track = make(
    "div.d-track",
    {
      role: "slider",
      tabIndex: "0",
      "aria-label": `${deck.title}: position`,
      "aria-valuemin": "0",
      "aria-valuemax": "1",
      "data-name": `${deck.clip}position`,
    },
    part,
    head,
  );
  const clip = make(
    "div.d-clip",
    {},
    track,
    faderOf(app, `${deck.clip}speed`, undo),
    faderOf(app, `${deck.clip}in`, undo),
    faderOf(app, `${deck.clip}out`, undo),
    rowOf(app, `${deck.clip}loop`, undo),
  );
  const element = make(
    "section.t-card",
    {"aria-label": deck.title},
    make("h3", {}, deck.title, " ", time),
    names,
    clip,
  );
  scrubbed(app, track, `${deck.clip}position`, here, follow);
  undo.add(app.state.subscribe("decks", follow));
  for (const end of ["in", "out"]) undo.add(app.values.subscribe(deck.clip + end, follow));
  return {element, draw};

  function state() {
    return app.state.get("decks")?.[deck.key] ?? null;
  }
  function here() {
    return state()?.position ?? null;
  }
  function follow(held = null) {
    const now = typeof held === "number" ? held : here();
    clip.classList.toggle("d-still", now === null);
    const [from, to] = ["in", "out"].map(end => app.values.target(deck.clip + end));
    part.style.left = `${100 * (from ?? 0)}%`;
    part.style.right = `${100 * (1 - (to ?? 1))}%`;
    head.hidden = now === null;
    const length = state()?.length;
    tell(time, now === null || !length ? "" : `${(now * length).toFixed(1)} / ${length.toFixed(1)} s`);
    if (now === null) return;
    head.style.left = `${100 * now}%`;
    track.setAttribute("aria-valuenow", now.toFixed(3));
  }
  function draw() {
    const chooser = app.show?.choosers?.[deck.names];
    element.hidden = !chooser;
    if (!chooser) return;
    const plays = playing(app, deck.row);
    const chips = (chooser.names ?? []).map(name => chip(name, name, name === plays));
    if (deck.key === "b") chips.push(chip("none", "", !plays));
    names.replaceChildren(...chips);
    follow();
  }
  /** A clip starts as the finger comes down, and the one that plays begins again. */
  function chip(text, name, on) {
    const made = make("button.t-button.t-chip", {type: "button", "aria-pressed": String(on)}, text);
    return onPress(made, () => startSource(app, deck.row, name));
  }
}

/** Drags along the clip: the picture under the finger is shown at once. */
function scrubbed(app, track, name, here, follow) {
  let gesture = null;
  const to = event => {
    const box = track.getBoundingClientRect();
    const at = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    app.set(name, Math.round(at * 1e4) / 1e4, {gesture});
    follow(at);
  };
  track.addEventListener("pointerdown", event => {
    if (event.button !== 0 || !app.mayPlay() || here() === null) return;
    gesture = app.undo.begin();
    track.setPointerCapture(event.pointerId);
    to(event);
  });
  track.addEventListener("pointermove", event => gesture && to(event));
  for (const end of ["pointerup", "pointercancel"])
    track.addEventListener(end, () => {
      if (gesture) app.undo.end(gesture);
      gesture = null;
    });
  track.addEventListener("keydown", event => {
    const step = {ArrowLeft: -0.01, ArrowRight: 0.01}[event.key];
    if (!step || here() === null) return;
    event.preventDefault();
    event.stopPropagation(); // the arrows are the stage's keys too
    app.set(name, Math.min(1, Math.max(0, here() + step * (event.shiftKey ? 10 : 1))));
  });
}

/** The models: a tap plays one; one that is not there yet can be made ready beside the picture. */
function makeModels(app) {
  const names = make("div.t-chips.t-acts");
  const element = make(
    "section.t-card",
    {"aria-label": "Models"},
    make("h3", {}, "Models"),
    names,
  );
  return {element, draw};

  function draw() {
    const chooser = app.show?.choosers?.model;
    element.hidden = !chooser;
    if (!chooser) return;
    const ready = chooser.ready ?? [];
    names.replaceChildren(
      ...chooser.names.map(name => {
        const plays = name === chooser.value;
        const prepare = button("make ready", () => app.fire("model/prepare", name), {
          "aria-label": `make ${name} ready`,
          className: "t-button d-prepare",
        });
        return make(
          "span.d-model",
          {},
          button(name, () => app.set("model", name), {
            className: "t-button t-chip",
            "aria-pressed": String(plays),
          }),
          plays ? null : ready.includes(name) ? make("small", {}, "ready") : prepare,
        );
      }),
    );
  }
}
