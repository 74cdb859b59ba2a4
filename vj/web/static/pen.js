/**
 * From pointers to strokes: several fingers, a pen with pressure, no palm, one part of a stroke at most
 * every 16 ms.
 */

const PERIOD = 16; // ms between two parts of a stroke
const PALM = 400; // ms after a pen has left, in which touches are still a palm

/**
 * @typedef {Object} Part of a stroke, as the protocol has it
 * @property {number} stroke
 * @property {number[][]} points `[x, y, pressure]`, each 0..1
 * @property {boolean} end
 */

let numbers = 0; // of strokes, for the page's life

/**
 * Follows the pointers on an element.
 * @param {HTMLElement} element covers exactly the picture that is drawn on
 * @param {{part: function(Part): void, lift: function(number): void, may: function(): boolean}} to
 *   `part`: a piece of a stroke; `lift`: a stroke that was a palm: to be taken back
 * @returns {function(): void} ends it
 */
export function followPen(element, to) {
  const strokes = new Map(); // pointerId -> {number, type, points, sent}
  let penUntil = 0;
  let frame = 0;

  function down(event) {
    if (event.button !== 0 || !to.may()) return;
    if (event.pointerType === "touch" && (penDown() || event.timeStamp < penUntil)) return;
    if (event.pointerType === "pen") liftTouches();
    event.preventDefault();
    element.setPointerCapture(event.pointerId);
    const stroke = {number: ++numbers, type: event.pointerType, points: [], sent: -Infinity};
    strokes.set(event.pointerId, stroke);
    put(stroke, event);
    later();
  }

  function move(event) {
    const stroke = strokes.get(event.pointerId);
    if (!stroke) return;
    const all = event.getCoalescedEvents?.() ?? [];
    for (const one of all.length ? all : [event]) put(stroke, one);
    later();
  }

  function up(event) {
    const stroke = strokes.get(event.pointerId);
    if (event.pointerType === "pen") penUntil = event.timeStamp + PALM;
    if (!stroke) return;
    strokes.delete(event.pointerId);
    send(stroke, true);
  }

  function put(stroke, event) {
    const box = element.getBoundingClientRect();
    const share = (value, size) =>
      Math.round(10000 * Math.min(1, Math.max(0, value / size))) / 10000;
    const x = share(event.clientX - box.left, box.width);
    const y = share(event.clientY - box.top, box.height);
    const last = stroke.points[stroke.points.length - 1];
    if (last && last[0] === x && last[1] === y) return;
    // only a pen knows how hard it is pressed; a mouse says 0.5, a finger 0, 1 or its size
    const pressure = stroke.type === "pen" ? share(event.pressure, 1) : 1;
    stroke.points.push([x, y, pressure]);
  }

  function later() {
    if (!frame) frame = requestAnimationFrame(flush);
  }

  function flush(now) {
    frame = 0;
    let waits = false;
    for (const stroke of strokes.values()) {
      if (now - stroke.sent >= PERIOD - 1) send(stroke, false, now);
      waits = waits || stroke.points.length > 0;
    }
    if (waits) later();
  }

  function send(stroke, end, now = performance.now()) {
    if (!stroke.points.length && !end) return;
    stroke.sent = now;
    to.part({stroke: stroke.number, points: stroke.points.splice(0), end});
  }

  const penDown = () => [...strokes.values()].some(stroke => stroke.type === "pen");

  function liftTouches() {
    for (const [pointer, stroke] of [...strokes]) {
      if (stroke.type !== "touch") continue;
      strokes.delete(pointer);
      send(stroke, true);
      to.lift(stroke.number);
    }
  }

  const listeners = {pointerdown: down, pointermove: move, pointerup: up, pointercancel: up};
  for (const [type, listener] of Object.entries(listeners))
    element.addEventListener(type, listener);
  return () => {
    cancelAnimationFrame(frame);
    for (const [type, listener] of Object.entries(listeners)) {
      element.removeEventListener(type, listener);
    }
  };
}
