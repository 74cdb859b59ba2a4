/** Choosers: source, model, sinks, audio and MIDI, as the show names them and as a look finds them. Never a path. */

import {make} from "./dom.js";
import {faderOf} from "./fader_of.js";
import {attempt, button, cleanups, statusLine} from "./parts.js";

const KINDS = [
  ["source", "Source", false],
  ["model", "Model", false],
  ["sinks", "Outputs", true],
  ["audio", "Sound", false],
  ["midi", "MIDI", true],
];

/** The tab "devices". */
export function mount(element, app) {
  const undo = cleanups();
  const line = statusLine();
  let found = {}; // kind -> names, since the last look
  const sections = KINDS.map(([kind, title, several]) => {
    const names = make("div.t-chips");
    return {
      kind,
      several,
      names,
      element: make("section.t-card", {"aria-label": title}, make("h3", {}, title), names),
    };
  });
  const look = button("Look for devices", search);
  const root = make(
    "section.t-tool.t-choosers",
    {},
    make("div.t-row.t-acts", {}, look, faderOf(app, "crossfade", undo)),
    line,
    make("div.t-cards", {}, ...sections.map(one => one.element)),
    saveAs(app),
  );
  element.append(root);
  undo.add(app.connection.on("show", draw), () => root.remove());
  draw();
  return undo.run;

  async function search() {
    look.disabled = true;
    look.textContent = "Looking …";
    const reply = await attempt(line, app.connection.request("devices"));
    look.disabled = false;
    look.textContent = "Look again";
    if (reply) found = reply;
    draw();
  }

  function draw() {
    for (const {kind, several, names, element: section} of sections) {
      const chooser = app.show?.choosers?.[kind];
      section.hidden = !chooser;
      if (!chooser) continue;
      const own = chooser.names ?? [];
      const chosen = [].concat(chooser.value ?? []).filter(Boolean);
      const others = (found[kind] ?? []).filter(name => !own.includes(name));
      const unnamed = chosen.filter(name => !own.includes(name) && !others.includes(name));
      names.replaceChildren(
        ...[...own, ...unnamed].map(name => chip(kind, several, name, chosen)),
        ...others.map(name => chip(kind, several, name, chosen, "found")),
      );
      if (kind === "sinks" && chosen.some(name => name.startsWith("display")))
        names.append(
          make(
            "a.t-link",
            {href: "/display", target: "_blank", rel: "noopener"},
            "corners, mask, test pattern",
          ),
        );
      if (!names.children.length)
        names.append(make("span.t-quiet", {}, "none in the show; look for devices"));
    }
  }

  function chip(kind, several, name, chosen, note) {
    const on = chosen.includes(name);
    const made = button(
      name,
      async () => {
        const value = !several ? name : on ? chosen.filter(one => one !== name) : [...chosen, name];
        made.classList.add("t-waiting");
        await attempt(line, app.connection.request("choose", {what: kind, value}));
        made.classList.remove("t-waiting");
      },
      {className: "t-button t-chip", "aria-pressed": String(on)},
    );
    if (note) made.append(make("small", {}, note));
    if (!app.show.may?.play) made.disabled = true;
    return made;
  }
}

/** "Save as my show": a copy of what plays. */
function saveAs(app) {
  const line = statusLine();
  const name = make("input", {
    type: "text",
    placeholder: "a name",
    "aria-label": "name of my show",
    autocomplete: "off",
    maxLength: 60,
  });
  return make(
    "form.t-card.t-acts",
    {
      onsubmit: event => {
        event.preventDefault();
        if (name.value.trim())
          attempt(line, app.connection.request("save_as", {name: name.value.trim()}), "saved");
        else name.focus();
      },
    },
    make("h3", {}, "Save as my show"),
    make(
      "p.t-quiet",
      {},
      "The show as it plays now, with its values, as a file of your own in shows/.",
    ),
    make("div.t-row", {}, name, make("button.t-button.t-main", {}, "Save")),
    line,
  );
}
