/**
 * Pictures of this device as styles: dropped anywhere on the page, or chosen in the tab. While
 * another model plays, the one that takes them is offered.
 */

import {make, tell} from "./dom.js";
import {button, openSheet} from "./parts.js";
import {pictureOf} from "./picture_file.js";

const MOST = 8; // at once

/** Takes pictures that are dropped on the page; a browser would leave the page and show them. */
export function mount(app) {
  const sign = make("div.drop-sign", {hidden: true, "aria-hidden": "true"});
  document.body.append(sign);
  const carriesFiles = event => [...(event.dataTransfer?.types ?? [])].includes("Files");
  document.addEventListener("dragover", event => {
    if (!carriesFiles(event)) return;
    const onto = event.target instanceof Element ? event.target.closest("[data-drop]") : null;
    const may = app.show?.may.write;
    event.preventDefault();
    event.dataTransfer.dropEffect = may ? "copy" : "none";
    tell(sign, onto ? onto.dataset.drop : "a picture becomes the style");
    sign.hidden = !may;
  });
  document.addEventListener("dragleave", event => {
    if (!event.relatedTarget) sign.hidden = true; // out of the window
  });
  document.addEventListener("drop", event => {
    sign.hidden = true;
    if (!carriesFiles(event) || event.defaultPrevented) return;
    event.preventDefault();
    addStyles(app, event.dataTransfer.files);
  });
}

/** Has vj keep pictures and play them as the style, or offers the model that can. */
export async function addStyles(app, files) {
  if (!app.show?.may.write) return app.say("this page may look, not change");
  const pictures = [];
  for (const file of [...files].slice(0, MOST)) {
    try {
      pictures.push({name: file.name, image: await pictureOf(file)});
    } catch (error) {
      app.say(error.message);
    }
  }
  if (pictures.length === 0) return undefined;
  return app.show.styles ? send(app, pictures) : offer(app, pictures);
}

/** @returns {Promise<boolean>} whether one of them is the style now */
async function send(app, pictures) {
  const names = [];
  for (const picture of pictures) {
    try {
      names.push((await app.connection.request("style_picture", picture)).name);
    } catch (error) {
      app.say(error.message);
    }
  }
  if (names.length === 0) return false;
  const taken = app.set("image/styles", names.join(", "));
  if (taken) app.say(`style: ${names.join(", ")}`);
  return taken;
}

function offer(app, pictures) {
  const {model} = app.show.choosers ?? {};
  const play = button(
    "Play the picture model",
    async () => {
      sheet.close();
      if (await send(app, pictures)) app.set("model", "picture");
    },
    {className: "t-button t-main"},
  );
  const sheet = openSheet("A picture as the style");
  sheet.body.append(
    make("img.drop-preview", {src: pictures[0].image, alt: pictures[0].name}),
    make("p", {}, `The picture model paints in its style; now ${model?.value ?? "another"} plays.`),
    play,
  );
  play.focus({preventScroll: true});
}
