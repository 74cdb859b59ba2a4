/**
 * A prompt's field: taken with Enter or when it is left; words that the model does not know are
 * underlined.
 */

import {history} from "./history.js";
import {arrange, make, tell, withoutFocus} from "./dom.js";

export class Prompt {
  #app;
  #unknown = [];
  onText = () => {};

  /** @param {() => void} onChosen called when the field is being written in */
  constructor(app, name, onChosen) {
    this.#app = app;
    this.name = name;
    this.label = make("label", {htmlFor: `word-${name}`});
    this.field = make("textarea", {
      id: `word-${name}`,
      rows: 1,
      spellcheck: false,
      autocapitalize: "off",
      autocomplete: "off",
    });
    this.field.setAttribute("enterkeyhint", "send");
    this.field.dataset.name = name;
    this.under = make("div.under", {"aria-hidden": "true"});
    this.offers = make("div.offers");
    this.element = make(
      "div.prompt",
      {},
      this.label,
      make("div.paper", {}, this.under, this.field),
      this.offers,
    );
    this.field.addEventListener("focus", onChosen);
    this.field.addEventListener("input", () => this.#written());
    this.field.addEventListener("change", () => this.#send());
    this.field.addEventListener("keydown", event => this.#key(event));
    this.element.addEventListener("pointerdown", onChosen);
    app.values.subscribe(name, value => this.#arrived(value));
    app.state.subscribe("unknown", unknown => {
      this.#unknown = (unknown && unknown[name]) || [];
      this.#underline();
    });
  }

  update() {
    const row = this.#app.row(this.name);
    tell(this.label, row.label);
    this.field.setAttribute("aria-label", row.label);
    this.field.title = row.help;
  }

  get text() {
    return this.field.value;
  }

  /** Whether a word or phrase stands in the text. */
  has(word) {
    return pattern(word).test(this.text);
  }

  /** Add a word at the end, or take it out. */
  toggle(word) {
    const parts = this.text
      .split(",")
      .map(part => part.trim())
      .filter(Boolean);
    if (!this.has(word)) return this.give([...parts, word].join(", "));
    const kept = parts.map(part => without(part, word));
    return this.give(kept.filter(Boolean).join(", "));
  }

  /** Another text, sent at once. */
  give(text) {
    this.field.value = text;
    this.#written();
    this.#send();
  }

  #send() {
    const text = this.field.value.replace(/\s*\n\s*/g, " ").trim();
    if (text === this.#app.values.target(this.name)) return this.#unsent(false);
    if (this.#app.set(this.name, text)) {
      history.add(text);
      return this.#unsent(false);
    }
    if (!this.#app.connection.connected) this.#app.notTaken(this.element);
    this.#arrived(this.#app.values.target(this.name), true);
  }

  #key(event) {
    if (event.key === "Enter") {
      event.preventDefault();
      this.#send();
    } else if (event.key === "Escape") {
      event.stopPropagation();
      this.#arrived(this.#app.values.target(this.name), true);
      this.field.blur();
    }
  }

  /** A text from vj. What is being written stays. */
  #arrived(value, back = false) {
    const writing =
      document.activeElement === this.field && this.element.classList.contains("unsent");
    if (value === undefined || (writing && !back)) return;
    if (this.field.value !== value) this.field.value = value;
    this.#unsent(false);
    this.#underline();
    this.onText();
  }

  #written() {
    this.#unsent(this.field.value !== this.#app.values.target(this.name));
    this.#underline();
    this.onText();
  }

  #unsent(on) {
    this.element.classList.toggle("unsent", on);
  }

  /** The same text lies under the field, with lines under what the model does not know. */
  #underline() {
    const words = this.#unknown.map(({word}) => word).filter(word => this.has(word));
    const text = this.field.value;
    const pieces = words.length
      ? text.split(new RegExp(`(${words.map(escaped).join("|")})`, "i"))
      : [text];
    const known = new Set(words.map(word => word.toLowerCase()));
    this.under.replaceChildren(
      ...pieces.map(piece =>
        known.has(piece.toLowerCase()) ? make("u", {textContent: piece}) : piece,
      ),
      "\u200b", // an empty last line has a height too
    );
    const offered = this.#unknown.filter(({word}) => words.includes(word));
    arrange(
      this.offers,
      offered.map(({word, nearest}) => this.#offer(word, nearest)),
    );
  }

  #offer(word, nearest) {
    const instead = known => {
      const made = withoutFocus(make("button.chip", {type: "button", textContent: known}));
      made.setAttribute("aria-label", `${known} instead of ${word}`);
      made.addEventListener("click", () =>
        this.give(this.text.replace(pattern(word), `$1${known}`)),
      );
      return made;
    };
    const text = nearest.length ? `${word} is not known; nearest:` : `${word} is not known`;
    return make("div.offer", {}, make("span", {textContent: text}), ...nearest.map(instead));
  }
}

/** Part of a text without a word, and without the weight that was the word's: "(ink:2)", "70 %". */
const without = (part, word) => {
  const rest = part
    .replace(pattern(word), "$1 ")
    .replace(/\(\s*:[\d.\s]*\)/g, " ")
    .replace(/\s+/g, " ")
    .trim()
    .replace(/^and | and$/, "");
  return rest === part || /\p{L}/u.test(rest) ? rest : "";
};

const escaped = word => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** The word by itself, and not inside another. Its first group is what stands before it. */
const pattern = word => new RegExp(`(^|[^\\p{L}\\p{N}])${escaped(word)}(?![\\p{L}\\p{N}])`, "iu");
