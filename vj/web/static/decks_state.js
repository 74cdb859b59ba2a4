/** What is on the decks, and how a hand changes it. */

const CHOOSER = {source: "source", "deck/b": "deck_b"};

/** The name of the source on a deck (`source` or `deck/b`); empty for none. */
export function playing(app, row) {
  return app.show?.choosers?.[CHOOSER[row]]?.value ?? "";
}

/** Play a source; one that plays already begins again. False when vj is away. */
export function startSource(app, row, name) {
  return name && name === playing(app, row) ? app.fire(row, name) : app.set(row, name);
}
