/**
 * Keeps the screen on. Browsers allow that over HTTPS alone; elsewhere a silent video does it. It
 * has a sound track and does not loop by itself: a phone falls asleep over one that is muted or
 * loops.
 */

import {SILENT_VIDEO} from "./wake_video.js";

export function keepAwake() {
  if (navigator.wakeLock) {
    lock();
    document.addEventListener("visibilitychange", lock);
  } else if (navigator.maxTouchPoints > 0) {
    // A video with sound may begin in a touch only.
    document.addEventListener("pointerup", play, {once: true});
  }
}

async function lock() {
  if (document.hidden) return;
  try {
    if (navigator.wakeLock) await navigator.wakeLock.request("screen");
  } catch {
    // a battery that runs low, say: the screen may go dark
  }
}

async function play() {
  const video = document.createElement("video");
  video.playsInline = true;
  video.src = SILENT_VIDEO;
  video.addEventListener("timeupdate", () => {
    if (video.currentTime > 1.5) video.currentTime = 0.1;
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) video.play().catch(() => {});
  });
  try {
    await video.play();
  } catch {
    document.addEventListener("pointerup", play, {once: true});
  }
}
