/** A row of a panel: one parameter with the control that its kind asks for. */

import {make, tell, withoutFocus} from "./dom.js";
import {Fader} from "./fader.js";
import {openMenu} from "./menu.js";
import {isNumber, isWide} from "./rows.js";

export class ParameterRow {
  #app;
  #row;
  #fader = null;
  #end = () => {};

  constructor(app, row) {
    this.#app = app;
    this.#row = row;
    this.reason = make("p.reason", {hidden: true});
    this.element = make("div.row", {}, this.reason);
    if (isNumber(row) && !isWide(row)) {
      this.#fader = new Fader(app, row, false);
      this.element.append(this.#fader.element);
    } else {
      const id = `p-${row.name}`;
      this.control = this.#control(id);
      this.label = make("label", {htmlFor: id, textContent: row.label, title: row.help});
      this.label.addEventListener("contextmenu", event => {
        event.preventDefault();
        openMenu(app, this.#row, event.clientX, event.clientY);
      });
      this.element.append(this.label, this.control);
      this.element.classList.add("plain");
      this.control.dataset.name = row.name;
      this.control.setAttribute("aria-label", row.label);
      this.#end = app.values.subscribe(row.name, value => this.#draw(value));
    }
    this.update(row);
  }

  /** Whether the row is still this kind of control. */
  fits(row) {
    const same = ["name", "kind"].every(key => row[key] === this.#row[key]);
    return (
      same &&
      isWide(row) === isWide(this.#row) &&
      row.choices.join("\n") === this.#row.choices.join("\n")
    );
  }

  update(row) {
    this.why = this.#app.show.unused[row.name];
    this.#row = row;
    this.text = `${row.name} ${row.label} ${row.help}`.toLowerCase();
    this.element.classList.toggle("unused", this.why !== undefined);
    this.reason.hidden = !this.why;
    tell(this.reason, this.why || "");
    if (this.#fader) this.#fader.update(row);
    else this.element.classList.toggle("mapped", row.name in this.#app.show.mapped);
  }

  destroy() {
    this.#end();
    if (this.#fader) this.#fader.destroy();
    this.element.remove();
  }

  #control(id) {
    const row = this.#row;
    if (row.kind === "switch") {
      const set = () => this.#set(!this.#app.values.target(row.name));
      return withoutFocus(
        make("button.switch", {id, type: "button", role: "switch", onclick: set}),
      );
    }
    if (row.kind === "trigger") {
      const words = row.label.split(": ");
      const text = words[words.length - 1];
      return withoutFocus(
        make("button", {id, type: "button", textContent: text, onclick: () => this.#set(true)}),
      );
    }
    if (row.kind === "choice") {
      const options = row.choices.map(choice =>
        make("option", {value: choice, textContent: choice}),
      );
      return make("select", {id, onchange: () => this.#set(this.control.value)}, ...options);
    }
    return this.#field(id);
  }

  /** A text, or a number too large for a fader: taken with Enter, or when the field is left. */
  #field(id) {
    const row = this.#row;
    const field = make("input", {
      id,
      type: "text",
      autocapitalize: "off",
      spellcheck: false,
      autocomplete: "off",
    });
    if (row.kind === "int") field.inputMode = "numeric";
    if (row.choices.length) {
      const names = make(
        "datalist",
        {id: `${id}-names`},
        ...row.choices.map(value => make("option", {value})),
      );
      field.setAttribute("list", names.id);
      this.element.append(names);
    }
    field.addEventListener("change", () => {
      const value = row.kind === "int" ? Number(field.value) : field.value;
      if (Number.isNaN(value))
        this.#app.say(`${row.label}: a whole number from ${row.low} to ${row.high}`);
      else this.#set(value);
    });
    field.addEventListener("keydown", event => {
      if (event.key === "Enter") field.blur();
      if (event.key === "Escape") {
        event.stopPropagation();
        field.value = this.#app.values.target(row.name);
        field.blur();
      }
    });
    return field;
  }

  #set(value) {
    if (this.#app.set(this.#row.name, value)) return;
    if (!this.#app.connection.connected) this.#app.notTaken(this.element);
    this.#draw(this.#app.values.target(this.#row.name));
  }

  #draw(value) {
    const {control} = this;
    if (this.#row.kind === "switch") {
      control.setAttribute("aria-checked", String(value === true));
      tell(control, value === true ? "on" : "off");
    } else if (
      "value" in control &&
      control.tagName !== "BUTTON" &&
      document.activeElement !== control
    ) {
      control.value = value === undefined ? "" : value;
    }
  }
}
