/**
 * A finger on a control: relative, so that a touch alone moves nothing, and finer the further the
 * finger has moved away sideways. Each control has a pointer of its own: two fingers, two faders.
 */

const SLOP = 5; // px that a resting finger may wander
const FREE = 56; // px sideways until it gets finer
const HALF = 60; // px further sideways: half as fast
const FINEST = 0.08;
const TAP = 300; // ms of a tap at most
const TWICE = 380; // ms between the two of a double tap
const NEAR = 30; // px between them
const LONG = 650; // ms of a long press

/**
 * @param {HTMLElement} element
 * @param {object} hand
 * @param {"x"|"y"|"xy"} hand.axis `x` leaves vertical movement to scrolling
 * @param {() => DOMRect} hand.track whose size is the whole range
 * @param {(event: PointerEvent) => boolean} hand.begin pressed; false: the control does not take it
 * @param {(dx: number, dy: number) => void} hand.move shares of the track, up is positive
 * @param {() => void} hand.end released, or taken away by the browser
 * @param {() => void} [hand.doubleTap]
 * @param {(x: number, y: number) => void} [hand.longPress]
 */
export function drag(element, hand) {
  let touch = null; // the pointer that is on it
  let tapped = null; // the last tap: {time, x, y}

  element.addEventListener("pointerdown", event => {
    if (touch !== null || event.button !== 0) return;
    event.preventDefault();
    touch = {
      id: event.pointerId,
      x: event.clientX,
      y: event.clientY,
      fromX: event.clientX,
      fromY: event.clientY,
      time: event.timeStamp,
      moving: false,
      begun: false,
      size: null,
      timer: setTimeout(() => held(), LONG),
    };
    // A finger that scrolls is no hand on the control: there it begins with the first movement.
    if (hand.axis !== "x" && !begin(event)) return;
    try {
      element.setPointerCapture(event.pointerId);
    } catch {
      // the pointer has gone already, or was made by a script
    }
  });
  // Focus by touch would take the keys from the cues.
  element.addEventListener("mousedown", event => event.preventDefault());

  element.addEventListener("pointermove", event => {
    if (touch === null || event.pointerId !== touch.id) return;
    const far = Math.hypot(event.clientX - touch.fromX, event.clientY - touch.fromY);
    if (!touch.moving) {
      if (far < SLOP) return;
      const across = Math.abs(event.clientX - touch.fromX) < Math.abs(event.clientY - touch.fromY);
      if (hand.axis === "x" && across) return drop();
      clearTimeout(touch.timer);
      touch.moving = true;
      touch.x = event.clientX;
      touch.y = event.clientY;
      touch.size = hand.track();
      if (!touch.begun) begin(event);
      return;
    }
    const fine = fineness(event);
    const dx = ((event.clientX - touch.x) / (touch.size.width || 1)) * fine;
    const dy = ((touch.y - event.clientY) / (touch.size.height || 1)) * fine;
    touch.x = event.clientX;
    touch.y = event.clientY;
    hand.move(dx, dy);
  });

  element.addEventListener("pointerup", event => {
    if (touch === null || event.pointerId !== touch.id) return;
    const tap = !touch.moving && event.timeStamp - touch.time < TAP;
    const {fromX: x, fromY: y} = touch;
    drop();
    if (!tap) return;
    const second = tapped !== null && event.timeStamp - tapped.time < TWICE;
    if (second && Math.hypot(x - tapped.x, y - tapped.y) < NEAR) {
      tapped = null;
      if (hand.doubleTap) hand.doubleTap();
    } else tapped = {time: event.timeStamp, x, y};
  });
  for (const type of ["pointercancel", "lostpointercapture"]) {
    element.addEventListener(type, event => {
      if (touch !== null && event.pointerId === touch.id) drop();
    });
  }
  element.addEventListener("contextmenu", event => {
    event.preventDefault();
    if (event.pointerType === "touch" || touch !== null) return; // the long press does it
    if (hand.longPress) hand.longPress(event.clientX, event.clientY);
  });

  function begin(event) {
    touch.begun = hand.begin(event);
    if (!touch.begun) drop();
    return touch !== null;
  }

  function held() {
    const {fromX, fromY} = touch;
    drop();
    if (hand.longPress) hand.longPress(fromX, fromY);
  }

  function drop() {
    const was = touch;
    touch = null;
    clearTimeout(was.timer);
    if (element.hasPointerCapture && element.hasPointerCapture(was.id)) {
      element.releasePointerCapture(was.id);
    }
    if (was.begun) hand.end();
  }

  function fineness(event) {
    if (event.shiftKey) return FINEST * 2;
    if (hand.axis === "xy") return 1;
    const side =
      hand.axis === "y"
        ? Math.abs(event.clientX - touch.fromX)
        : Math.abs(event.clientY - touch.fromY);
    return Math.max(FINEST, 1 / (1 + Math.max(0, side - FREE) / HALF));
  }

  return {
    /** Let go of the finger: vj has gone. */
    drop() {
      if (touch !== null) drop();
    },
  };
}
