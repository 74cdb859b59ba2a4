/** A view of vj's pictures, drawn into a canvas, at about the size at which it is shown. */

import {Feed, decoded, drawWhole, release} from "./feed.js";

const WIDTHS = [192, 256, 384, 512, 768, 1024, 1536]; // few, so that pages share what is encoded
const QUALITY = 75;

export class Stream {
  #canvas;
  #context;
  #feed = null;
  #view;
  #width = 0;
  #onSize;

  /**
   * @param {(width: number, height: number) => void} [onSize] told when the picture's size
   * changes
   */
  constructor(view, canvas, onSize = () => {}) {
    this.#view = view;
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d", {alpha: false});
    this.#onSize = onSize;
  }

  /** Ask for pictures of about so many pixels across. */
  ask(pixels) {
    const width = WIDTHS.find(one => one >= pixels * 0.9) || WIDTHS[WIDTHS.length - 1];
    if (width === this.#width) return;
    this.#width = width;
    if (this.#feed !== null) return this.#feed.ask({width});
    const query = {...Object.fromEntries(new URLSearchParams(location.search)), view: this.#view};
    this.#feed = new Feed({...query, width, quality: QUALITY}, blob => this.#show(blob));
    this.#feed.start();
  }

  close() {
    if (this.#feed !== null) this.#feed.stop();
  }

  async #show(blob) {
    const picture = await decoded(blob);
    const {width, height} = this.#canvas;
    drawWhole(this.#canvas, this.#context, picture);
    release(picture);
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#onSize(this.#canvas.width, this.#canvas.height);
    }
    await seen();
  }
}

/** A page that nobody sees asks for no pictures. */
function seen() {
  if (!document.hidden) return undefined;
  return new Promise(resolve => {
    const look = () => {
      if (document.hidden) return;
      document.removeEventListener("visibilitychange", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
  });
}
