/**
 * Ink on the glass: strokes that vj's picture does not have yet, of this page and of others, drawn at
 * once over it. vj's picture is the truth; ink goes as soon as the picture has it.
 */

const DRY = 160; // ms in which ink goes once the picture has it
const LATE = 500; // ms after vj has taken a stroke: it goes even if no new picture came
const IDLE = 4000; // ms without a part of somebody else's stroke: its end was lost

export class Ink {
  #canvas;
  #context;
  #strokes = new Map(); // key -> {parts..., end, taken, dry}
  #frame = 0;

  #paperInk;

  /**
   * @param {HTMLCanvasElement} canvas over the picture, of the same size on the page
   * @param {function(): string} paperInk the colour of a stroke that has none
   */
  constructor(canvas, paperInk) {
    this.#paperInk = paperInk;
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d");
  }

  /** A part of a stroke as the protocol has it. key: whose stroke, and which. */
  add(key, part) {
    let stroke = this.#strokes.get(key);
    if (!stroke) {
      stroke = {points: [], taken: 0, dry: 0};
      this.#strokes.set(key, stroke);
    }
    Object.assign(stroke, {
      colour: part.colour ?? this.#paperInk(),
      width: part.width,
      eraser: part.eraser,
      end: part.end,
      heard: performance.now(),
    });
    stroke.points.push(...part.points);
    this.redraw();
  }

  /** A part of somebody else's: vj has it already. */
  addForeign(key, part) {
    this.add(key, part);
    const stroke = this.#strokes.get(key);
    stroke.foreign = true;
    if (part.end) stroke.taken = performance.now();
  }

  /** vj has taken a whole stroke. */
  taken(key) {
    const stroke = this.#strokes.get(key);
    if (stroke) stroke.taken = performance.now();
    this.redraw();
  }

  /** A stroke that was not taken, or was taken back. */
  remove(key) {
    this.#strokes.delete(key);
    this.redraw();
  }

  clear() {
    this.#strokes.clear();
    this.redraw();
  }

  /** A new picture, asked for at `asked` (ms): it has what vj had taken by then. */
  pictureCame(asked) {
    for (const stroke of this.#strokes.values()) {
      if (stroke.taken && stroke.taken <= asked && !stroke.dry) stroke.dry = performance.now();
    }
    this.redraw();
  }

  redraw() {
    if (!this.#frame) this.#frame = requestAnimationFrame(now => this.#draw(now));
  }

  #draw(now) {
    this.#frame = 0;
    const {width, height} = this.#fit();
    const context = this.#context;
    context.clearRect(0, 0, width, height);
    for (const [key, stroke] of [...this.#strokes]) {
      if (!stroke.dry && stroke.taken && now - stroke.taken > LATE) stroke.dry = now;
      if (!stroke.dry && stroke.foreign && now - stroke.heard > IDLE) stroke.dry = now;
      const left = stroke.dry ? 1 - (now - stroke.dry) / DRY : 1;
      if (left <= 0) this.#strokes.delete(key);
      else paint(context, stroke, width, height, left);
    }
    if ([...this.#strokes.values()].some(one => one.taken || one.foreign)) this.redraw();
  }

  /** One pixel of ink for one of the screen. */
  #fit() {
    const scale = Math.min(2, window.devicePixelRatio || 1);
    const width = Math.max(1, Math.round(this.#canvas.clientWidth * scale));
    const height = Math.max(1, Math.round(this.#canvas.clientHeight * scale));
    if (this.#canvas.width !== width) this.#canvas.width = width;
    if (this.#canvas.height !== height) this.#canvas.height = height;
    return {width, height};
  }
}

/** A stroke as a curve through the middles between its points. An eraser leaves a pale trail. */
function paint(context, stroke, width, height, alpha) {
  const points = stroke.points.map(([x, y, pressure]) => [
    x * width,
    y * height,
    Math.max(1, stroke.width * height * thickness(pressure)),
  ]);
  if (!points.length) return;
  context.globalAlpha = stroke.eraser ? 0.35 * alpha : alpha;
  context.strokeStyle = context.fillStyle = stroke.eraser ? "#b09f9c" : stroke.colour;
  context.lineCap = context.lineJoin = "round";
  const even = points.every(point => point[2] === points[0][2]);
  if (points.length === 1) {
    context.beginPath();
    context.arc(points[0][0], points[0][1], points[0][2] / 2, 0, 7);
    context.fill();
    return;
  }
  const middle = (a, b) => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  const begin = index => (index === 1 ? points[0] : middle(points[index - 2], points[index - 1]));
  context.beginPath();
  context.moveTo(points[0][0], points[0][1]);
  for (let index = 1; index < points.length; index++) {
    const [from, via] = [begin(index), points[index - 1]];
    const to = index === points.length - 1 ? points[index] : middle(via, points[index]);
    if (!even) {
      context.beginPath();
      context.moveTo(from[0], from[1]);
    }
    context.lineWidth = points[index][2];
    context.quadraticCurveTo(via[0], via[1], to[0], to[1]);
    if (!even) context.stroke();
  }
  if (even) context.stroke();
}

/** Share of a brush's width at a pressure, as vj draws it. */
const thickness = pressure => 0.25 + 0.75 * pressure;
