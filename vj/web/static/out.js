/**
 * `/out`: the sent picture and nothing else. F or a click: full screen; 1: pixel for pixel, or as
 * large as the window. `?format=png` for exactly the sent pixels. When vj goes, the last picture stays.
 */

import {Feed, decoded, drawWhole, release} from "./feed.js";
import {askPin} from "./pin.js";
import {keepAwake} from "./wake.js";

const PASSED_ON = ["format", "quality", "key", "view"];

const canvas = document.getElementById("picture");
const context = canvas.getContext("2d", {alpha: false});
const wanted = {view: "sent", width: 0, quality: 95};
for (const [name, value] of new URLSearchParams(location.search)) {
  if (PASSED_ON.includes(name)) wanted[name] = value;
}

const feed = new Feed(wanted, show, refused);
let asking = false;

async function show(blob, number) {
  const picture = await decoded(blob);
  await nextFrame();
  drawWhole(canvas, context, picture);
  release(picture);
  canvas.dataset.number = number;
  fitOneToOne();
}

/** Drawn as the screen begins a picture, each is whole and stands for at least one. A hidden page has none. */
function nextFrame() {
  return document.hidden ? undefined : new Promise(resolve => requestAnimationFrame(resolve));
}

async function refused() {
  if (asking) return;
  asking = true;
  document.body.classList.add("asking");
  await askPin();
  document.body.classList.remove("asking");
  asking = false;
}

function fullScreen() {
  const page = document.documentElement;
  if (document.fullscreenElement || document.webkitFullscreenElement) {
    (document.exitFullscreen || document.webkitExitFullscreen).call(document);
    return;
  }
  // a phone without it shows this page chromeless from its home screen
  const enter = page.requestFullscreen || page.webkitRequestFullscreen;
  Promise.resolve(enter?.call(page)).catch(() => {});
}

/** One pixel of the picture on one of the screen. */
function fitOneToOne() {
  const on = document.body.classList.contains("one-to-one");
  const scale = window.devicePixelRatio || 1;
  canvas.style.width = on ? `${canvas.width / scale}px` : "";
  canvas.style.height = on ? `${canvas.height / scale}px` : "";
}

addEventListener("click", event => {
  if (!event.target.closest(".t-cover")) fullScreen();
});
addEventListener("keydown", event => {
  if (asking || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "f" || event.key === "F") fullScreen();
  if (event.key === "1") document.body.classList.toggle("one-to-one");
  fitOneToOne();
});
addEventListener("resize", fitOneToOne);
keepAwake();
feed.start();
