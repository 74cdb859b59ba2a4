/** The tab with vj's messages, the newest first. */

import {make} from "./dom.js";

const KEPT = 200;

export function mount(element, app) {
  const list = make("ol.messages", {role: "log"});
  const empty = make("p.remark", {textContent: "no messages yet"});
  element.append(empty, list);
  for (const message of app.messages) add(message);
  app.on("message", add);
  app.on("messages-anew", () => list.replaceChildren());

  function add({time, text}) {
    empty.hidden = true;
    list.prepend(
      make("li", {}, make("time", {textContent: time}), make("span", {textContent: text})),
    );
    if (list.children.length > KEPT) list.lastChild.remove();
  }
}
