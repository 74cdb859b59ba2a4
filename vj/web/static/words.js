/**
 * The tab with what the model follows: both prompts, the mix between them, the words that it knows,
 * and the last prompts; of a show with scenes those; of the picture model its style pictures.
 */

import {arrange, make, tell, withoutFocus} from "./dom.js";
import {Fader} from "./fader.js";
import {Prompt} from "./prompt.js";
import {history} from "./history.js";
import {Scenes} from "./scenes.js";
import {Styles} from "./styles.js";

const PROMPTS = ["prompt/a", "prompt/b"];
const MIX = "prompt/mix";

export function mount(element, app) {
  const prompts = PROMPTS.map(name => new Prompt(app, name, () => choose(name)));
  let chosen = prompts[0];
  let mix = null;
  const mixing = make("div.mixing");
  const chips = make("div.chips");
  const note = make("p.remark");
  const understood = make("p.remark");
  const scenes = new Scenes(app, () => prompted());
  const last = make("div.history");
  const past = make(
    "section",
    {"aria-label": "last prompts"},
    make("h2", {textContent: "last prompts"}),
    last,
  );
  const words = make(
    "div.words",
    {},
    scenes.element,
    prompts[0].element,
    mixing,
    prompts[1].element,
    understood,
    note,
    chips,
    past,
  );
  const styles = new Styles(app);
  element.append(words, styles.element);

  /** Scenes stand in for the prompts. */
  function prompted() {
    const parts = [...prompts.map(prompt => prompt.element), mixing, chips, last];
    for (const part of parts) part.hidden = scenes.playing;
  }

  function choose(name) {
    chosen = prompts[PROMPTS.indexOf(name)];
    prompts.forEach(prompt => prompt.element.classList.toggle("chosen", prompt === chosen));
    mark();
  }

  app.onShow(show => {
    const row = app.row(MIX);
    if (mix) mix.update(row);
    else {
      mix = new Fader(app, row, false);
      mix.element.classList.add("broad");
      mixing.append(mix.element);
    }
    prompts.forEach(prompt => prompt.update());
    scenes.update();
    fill(show.words);
    styles.update();
    words.hidden = Boolean(show.styles);
  });

  /** The words of a model that has a list of them; any other reads all words, or none. */
  function fill(words) {
    const groups = Object.entries(words || {}).filter(([, list]) => Array.isArray(list));
    note.hidden = groups.length > 0;
    tell(note, app.show.unused[PROMPTS[0]] || "this model reads any words");
    arrange(
      chips,
      groups.map(([title, list]) =>
        make(
          "section",
          {"aria-label": title},
          make("h2", {textContent: title}),
          make("div.chip-row", {}, ...list.map(chip)),
        ),
      ),
    );
    mark();
  }

  function chip(word) {
    const made = withoutFocus(make("button.chip", {type: "button", textContent: word}));
    made.addEventListener("click", () => chosen.toggle(word));
    return made;
  }

  function mark() {
    for (const made of chips.querySelectorAll(".chip")) {
      made.setAttribute("aria-pressed", String(chosen.has(made.textContent)));
    }
  }

  for (const prompt of prompts) prompt.onText = mark;
  app.state.subscribe("understood", text => {
    understood.hidden = !text;
    tell(understood, text ? `understood: ${text}` : "");
  });
  history.subscribe(texts => {
    past.hidden = texts.length === 0;
    arrange(
      last,
      texts.map(text => {
        const made = withoutFocus(make("button", {type: "button", textContent: text}));
        made.addEventListener("click", () => chosen.give(text));
        return made;
      }),
    );
  });
  choose(PROMPTS[0]);
}
