/** The tab with every parameter, in the groups of the table, each with its range and its words. */

import {arrange, make, tell, withoutFocus} from "./dom.js";
import {ParameterRow} from "./parameter.js";

export function mount(element, app) {
  const rows = new Map();
  const sections = new Map();
  const field = make("input.find", {
    type: "search",
    placeholder: "find a parameter",
    "aria-label": "find a parameter",
    autocapitalize: "off",
    spellcheck: false,
  });
  const jumps = make("div.jumps", {role: "group", "aria-label": "groups"});
  const list = make("div.groups");
  const nothing = make("p.remark", {hidden: true, textContent: "no parameter is called so"});
  element.append(make("div.head", {}, field, jumps), nothing, list);

  function section(title) {
    const made = {
      title,
      head: make("h2", {textContent: title}),
      rows: make("div.rows"),
      jump: withoutFocus(make("button.small", {type: "button", textContent: title})),
    };
    made.element = make("section.group", {"aria-label": title}, made.head, made.rows);
    made.jump.addEventListener("click", () => {
      field.value = "";
      find();
      element.scrollTop = made.element.offsetTop - jumps.parentElement.offsetHeight;
    });
    return made;
  }

  function rebuild(show) {
    const titles = new Set();
    const kept = new Set();
    for (const {title, names} of show.groups) {
      const known = names.filter(name => app.row(name));
      if (!known.length) continue;
      if (!sections.has(title)) sections.set(title, section(title));
      titles.add(title);
      for (const name of known) {
        kept.add(name);
        const row = app.row(name);
        if (rows.has(name) && rows.get(name).fits(row)) rows.get(name).update(row);
        else {
          if (rows.has(name)) rows.get(name).destroy();
          rows.set(name, new ParameterRow(app, row));
        }
      }
      explain(known.map(name => rows.get(name)));
      arrange(
        sections.get(title).rows,
        known.map(name => rows.get(name).element),
      );
    }
    for (const [name, row] of [...rows]) {
      if (kept.has(name)) continue;
      row.destroy();
      rows.delete(name);
    }
    const shown = [...titles].map(title => sections.get(title));
    arrange(
      list,
      shown.map(({element}) => element),
    );
    arrange(
      jumps,
      shown.map(({jump}) => jump),
    );
    find();
  }

  /** What holds for several rows in a row is said once, above them. */
  function explain(inside) {
    inside.forEach((row, place) => {
      row.reason.hidden = !row.why || (place > 0 && inside[place - 1].why === row.why);
    });
  }

  function find() {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const row of rows.values()) {
      row.element.hidden = !words.every(word => row.text.includes(word));
      if (!row.element.hidden) found++;
    }
    for (const {element: box, rows: inside} of sections.values()) {
      box.hidden = [...inside.children].every(child => child.hidden);
    }
    nothing.hidden = found > 0;
    tell(nothing, `no parameter is called ${field.value}`);
  }

  // A mouse has one wheel: over the groups it goes across.
  jumps.addEventListener(
    "wheel",
    event => {
      if (event.deltaX === 0) jumps.scrollLeft += event.deltaY;
    },
    {passive: true},
  );
  field.addEventListener("input", find);
  app.onShow(rebuild);
}
