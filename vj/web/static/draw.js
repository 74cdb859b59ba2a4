/** The tab "draw": a canvas that several people draw on, seen as paper or over a picture of the show. */

import {Ink} from "./brush.js";
import {make, tell} from "./dom.js";
import {importPicture} from "./draw_import.js";
import {easel} from "./easel.js";
import {faderOf} from "./fader_of.js";
import {attempt, button, cleanups, confirmButton, say, statusLine} from "./parts.js";
import {followPen} from "./pen.js";
import {ACCEPT} from "./picture_file.js";

const COLOURS = [
  ["ink that goes with the paper", null],
  ["white", "#ffffff"],
  ["red", "#e02020"],
  ["yellow", "#ffd91a"],
  ["green", "#1fa34a"],
  ["blue", "#2060e0"],
];
const WIDTHS = [
  ["fine", 0.005],
  ["thin", 0.012],
  ["broad", 0.03],
  ["very broad", 0.08],
];
const KEPT = "vj-brush"; // in the browser's storage

export function mount(element, app) {
  const undo = cleanups();
  const line = statusLine();
  const others = make("span.t-quiet", {role: "status"});
  const brush = {colour: COLOURS[0][1], width: WIDTHS[1][1], eraser: false, ...remembered()};
  const glass = make("canvas.t-glass", {
    "aria-label": "canvas: draw here",
    role: "img",
    "data-name": "draw",
  });
  const ink = new Ink(glass, () => board.ink());
  const {element: desk, ...board} = easel(app, glass, asked => ink.pictureCame(asked));
  const tools = make("div.t-tools.t-acts", {role: "toolbar", "aria-label": "drawing"});
  const root = make("section.t-tool.t-draw", {}, desk, tools, line);
  const place = make("span", {hidden: true});
  element.append(place, root);
  desk.dataset.drop = "a picture comes onto the canvas";
  desk.addEventListener("drop", event => {
    const [file] = event.dataTransfer.files;
    if (!file) return;
    event.preventDefault();
    if (may()) importPicture(app, line, file);
  });
  undo.add(
    followPen(glass, {part, lift, may}),
    board.stop,
    app.connection.on("stroke", one => ink.addForeign(`${one.person}/${one.stroke}`, one)),
    app.connection.on("close", lost),
    app.connection.on("show", hint),
    app.state.subscribe("canvas", people),
    () => place.remove(),
    () => root.remove(),
  );
  build();
  if (app.show) hint(app.show);
  return undo.run;

  function may() {
    if (!app.connection.connected) say(line, "vj is away: nothing can be drawn now.", true);
    return app.connection.connected && Boolean(app.show?.may.write);
  }

  /** A part of a stroke: shown at once, sent; the end of it is answered. */
  function part(piece) {
    const key = `own/${piece.stroke}`;
    const whole = {...piece, ...brush};
    ink.add(key, whole);
    if (!piece.end) {
      app.connection.send("stroke", whole);
      return;
    }
    app.connection.request("stroke", whole).then(
      () => ink.taken(key),
      error => {
        ink.remove(key);
        say(line, error.message, true);
      },
    );
  }

  /** A palm's stroke, begun before the pen came down. */
  function lift(stroke) {
    ink.remove(`own/${stroke}`);
    app.connection.request("canvas", {do: "undo"}).catch(() => {});
  }

  function lost() {
    ink.clear();
    say(line, "vj is away. What was not finished is not taken.", true);
  }

  function people(canvas) {
    const count = canvas?.people ?? 0;
    tell(others, count > 1 ? `${count} people draw` : "");
  }

  /** Why what is drawn is not seen, where the show says so. */
  function hint(show) {
    say(line, show.unused?.["canvas/fade"] ?? "");
  }

  /** What is painted, to be drawn on and rubbed out in. */
  function take() {
    ink.clear();
    app.set("canvas/take", true);
  }

  function back() {
    ink.clear();
    attempt(line, app.connection.request("canvas", {do: "undo"}));
  }

  function build() {
    const choices = [];
    const own = make("input.t-colour", {
      type: "color",
      value: brush.colour ?? "#ff8c1a",
      "aria-label": "another colour",
      onchange: () => choose({colour: own.value, eraser: false}),
    });
    const colours = COLOURS.map(([name, colour]) =>
      choice({colour, eraser: false}, `colour: ${name}`, "t-swatch", {
        background: colour ?? "linear-gradient(135deg, #fff 50%, #000 50%)",
      }),
    );
    const dots = WIDTHS.map(([name, width]) => {
      const dot = choice({width}, `width: ${name}`, "t-dot", {});
      dot.append(make("i", {style: `width:${6 + width * 300}px;height:${6 + width * 300}px`}));
      return dot;
    });
    const eraser = button("Eraser", () => choose({eraser: !brush.eraser}));
    const picture = make("input", {
      type: "file",
      accept: ACCEPT,
      "aria-label": "import a picture",
      onchange: () => {
        if (picture.files[0]) importPicture(app, line, picture.files[0]);
        picture.value = "";
      },
    });
    const undoLast = button("undo", back, {
      className: "t-button t-over t-undo t-acts",
      "aria-label": "undo my last stroke",
    });
    const large = button("full", () => enlarge(large), {
      className: "t-button t-over t-full",
      "aria-pressed": "false",
      "aria-label": "draw over the whole page",
    });
    desk.append(undoLast, large);
    undo.add(leaveByKey(large));
    tools.append(
      make("div.t-row", {role: "group", "aria-label": "colour"}, ...colours, own),
      make("div.t-row", {role: "group", "aria-label": "width"}, ...dots, eraser),
      make(
        "div.t-row",
        {},
        confirmButton("Clear", "Clear all?", () => {
          ink.clear();
          attempt(line, app.connection.request("canvas", {do: "clear"}));
        }),
        make("label.t-button.t-file", {}, "Picture", picture),
        button("Take", take, {"aria-label": "take the painted picture onto the canvas"}),
        board.chooser,
        others,
      ),
      faderOf(app, "canvas/fade", undo),
    );
    mark();

    function choice(change, label, kind, style) {
      const made = button("", () => choose(change), {
        "aria-label": label,
        className: `t-button ${kind}`,
      });
      Object.assign(made.style, style);
      choices.push([made, change]);
      return made;
    }
    function choose(change) {
      Object.assign(brush, change);
      remember(brush);
      mark();
    }
    function mark() {
      for (const [made, change] of choices) {
        const chosen = Object.entries(change).every(([key, value]) => brush[key] === value);
        made.setAttribute("aria-pressed", String(chosen));
      }
      eraser.setAttribute("aria-pressed", String(brush.eraser));
      if (brush.colour) own.value = brush.colour;
    }
  }

  /** Over the whole page and back: moved out of the panel, which may scroll and clip. */
  function enlarge(large) {
    const on = !root.classList.contains("t-large");
    root.classList.toggle("t-large", on);
    large.setAttribute("aria-pressed", String(on));
    large.textContent = on ? "close" : "full";
    if (on) document.body.append(root);
    else place.after(root);
  }

  function leaveByKey(large) {
    const onKey = event => {
      if (!root.classList.contains("t-large")) return;
      const back_ = (event.ctrlKey || event.metaKey) && event.key === "z";
      if (event.key !== "Escape" && !back_) return;
      event.preventDefault();
      event.stopPropagation(); // it is the stroke that is taken back, not the stage's last gesture
      if (back_) back();
      else enlarge(large);
    };
    window.addEventListener("keydown", onKey, true);
    return () => window.removeEventListener("keydown", onKey, true);
  }
}

function remembered() {
  try {
    const {colour, width} = JSON.parse(localStorage.getItem(KEPT)) ?? {};
    const kept = {};
    if (colour === null || /^#[0-9a-f]{6}$/i.test(colour)) kept.colour = colour;
    if (WIDTHS.some(([, one]) => one === width)) kept.width = width;
    return kept;
  } catch {
    return {}; // a private window has no storage
  }
}

function remember({colour, width}) {
  try {
    localStorage.setItem(KEPT, JSON.stringify({colour, width}));
  } catch {
    // then not
  }
}
