/** A click on the picture picks the subject that is tracked, while mask/mode is subject. */

/** Whether a click picks. */
export function picks(app) {
  return app.mayPlay() && app.values.target("mask/mode") === "subject";
}

/**
 * @param {MouseEvent} event a click on a canvas that shows the picture, or beside it
 * @returns {boolean} whether it was taken for that
 */
export function pick(app, event) {
  const canvas = event.target;
  if (!picks(app) || !(canvas instanceof HTMLCanvasElement)) return false;
  const [x, y] = placeIn(canvas, event.clientX, event.clientY);
  if (x < 0 || x > 1 || y < 0 || y > 1) return true; // the black beside the picture
  const taken = app.fire("subject/x", x) && app.fire("subject/y", y) && app.fire("subject/pick");
  if (!taken) app.notTaken(canvas);
  return true;
}

/** Where a point of the window lies in a picture that is fitted into its canvas: 0..1 inside. */
function placeIn(canvas, clientX, clientY) {
  const box = canvas.getBoundingClientRect();
  const scale = Math.min(box.width / canvas.width, box.height / canvas.height);
  const wide = canvas.width * scale;
  const tall = canvas.height * scale;
  return [
    (clientX - box.left - (box.width - wide) / 2) / wide,
    (clientY - box.top - (box.height - tall) / 2) / tall,
  ];
}
