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

let next = null; // decoded, for the screen's next picture
let asking = false;
let declined = false; // the PIN sheet was closed: a click asks again

/** The one after is asked for as soon as this one is decoded; of two that are ready the newer is drawn. */
async function show(blob, number) {
  const picture = await decoded(blob);
  const first = next === null;
  if (next) release(next.picture);
  next = {picture, number};
  if (!first) return;
  // As the screen begins a picture: each is whole. A page that nobody sees has no such moments.
  if (document.hidden) paint();
  else requestAnimationFrame(paint);
}

function paint() {
  if (next === null) return;
  drawWhole(canvas, context, next.picture);
  release(next.picture);
  canvas.dataset.number = next.number;
  next = null;
  fitOneToOne();
}

async function refused() {
  if (asking || declined) return;
  asking = true;
  document.body.classList.add("asking");
  declined = !(await askPin());
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
  if (asking || event.target.closest(".t-cover")) return;
  if (declined) declined = false;
  else fullScreen();
});
addEventListener("keydown", event => {
  if (asking || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "f" || event.key === "F") fullScreen();
  if (event.key === "1") document.body.classList.toggle("one-to-one");
  fitOneToOne();
});
addEventListener("resize", fitOneToOne);
document.addEventListener("visibilitychange", paint); // what was to come when it was hidden
keepAwake();
new Feed(wanted, show, refused).start();
