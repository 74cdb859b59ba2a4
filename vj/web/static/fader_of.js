/** The stage's fader for one parameter, in a tool. */

import {make} from "./dom.js";
import {Fader} from "./fader.js";

/**
 * @param {Object} app
 * @param {string} name
 * @param {{add: function}} undo takes what ends it
 * @param {boolean} broad without its name, for one that is alone in its place
 * @returns {HTMLElement} empty while the show has no such parameter
 */
export function faderOf(app, name, undo, broad = false) {
  const place = make("div.t-fader.t-acts");
  let fader = null;
  const follow = () => {
    const row = app.row(name);
    if (fader && row) fader.update(row);
    else if (row) {
      fader = new Fader(app, row, false);
      fader.element.classList.toggle("broad", broad);
      place.append(fader.element);
    }
    place.hidden = !row;
  };
  undo.add(app.connection.on("show", follow), () => fader?.destroy());
  if (app.show) follow();
  return place;
}
