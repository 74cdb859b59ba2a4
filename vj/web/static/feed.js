/**
 * A moving picture of vj, one view, for as long as vj is there.
 *
 * A browser slows down a WebSocket that has failed a few times, so while vj is away it is asked over
 * HTTP, twice a second, and the socket is opened once it answers.
 */

const RETRY = 500; // ms
const PATIENCE = 2000; // ms for a try
const WANTS_PIN = 4401; // code of a socket that is closed for want of the PIN
const HEAD = 8; // bytes before a picture: its view, three zeros, the frame's number

export class Feed {
  #query;
  #show;
  #refused;
  #socket = null;
  #timer = 0;
  #running = false;

  /**
   * @param {Object<string, string|number>} query `view`, `width`, `quality`, `format`, `key`
   * @param {(picture: Blob, number: number, asked: number) => Promise<void>|void} show called with each
   *   picture; the next comes once it has returned. asked: when this picture was asked for, in ms
   * @param {() => void} [refused] called, again and again, while vj wants a PIN first
   */
  constructor(query, show, refused = () => {}) {
    this.#query = new URLSearchParams(query);
    this.#show = show;
    this.#refused = refused;
  }

  start() {
    if (this.#running) return;
    this.#running = true;
    this.#connect();
  }

  /** Ask for other pictures from now on: `{width, quality}`. */
  ask(fields) {
    for (const [key, value] of Object.entries(fields)) this.#query.set(key, value);
    if (this.#socket && this.#socket.readyState === WebSocket.OPEN) {
      this.#socket.send(JSON.stringify(fields));
    }
  }

  stop() {
    this.#running = false;
    clearTimeout(this.#timer);
    this.#socket?.close();
    this.#socket = null;
  }

  #connect() {
    if (!this.#running) return;
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/pictures?${this.#query}`);
    const format = this.#query.get("format") === "png" ? "image/png" : "image/jpeg";
    const timer = setTimeout(() => socket.close(), PATIENCE);
    let asked = performance.now();
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => clearTimeout(timer);
    socket.onmessage = async event => {
      if (typeof event.data === "string") return;
      const number = new DataView(event.data).getUint32(4);
      try {
        await this.#show(new Blob([event.data.slice(HEAD)], {type: format}), number, asked);
      } catch (error) {
        console.warn("picture", number, error); // one that cannot be read: the next may be
      }
      asked = performance.now();
      if (socket.readyState === WebSocket.OPEN) socket.send("next");
    };
    socket.onclose = event => {
      clearTimeout(timer);
      if (this.#socket !== socket) return;
      this.#socket = null;
      if (event.code === WANTS_PIN) this.#refused();
      this.#later();
    };
  }

  #later() {
    if (this.#running) this.#timer = setTimeout(() => this.#probe(), RETRY);
  }

  async #probe() {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), PATIENCE);
    const key = this.#query.get("key");
    const url = key === null ? "/pin" : `/pin?key=${encodeURIComponent(key)}`;
    try {
      const answer = await fetch(url, {cache: "no-store", signal: stop.signal});
      const may = await answer.json();
      if (may.pictures) return this.#connect();
      this.#refused();
    } catch {
      // still away
    } finally {
      clearTimeout(timer);
    }
    return this.#later();
  }
}

/** A picture as something a canvas can draw. To be given to `release` afterwards. */
export async function decoded(blob) {
  if (window.createImageBitmap) return createImageBitmap(blob);
  const image = new Image();
  image.src = URL.createObjectURL(blob);
  await new Promise((resolve, reject) => {
    image.onload = resolve;
    image.onerror = () => reject(new Error("not a picture"));
  });
  return image;
}

/** Frees a decoded picture. */
export function release(picture) {
  if (picture.close) picture.close();
  else URL.revokeObjectURL(picture.src);
}

/** Draws a picture so that the canvas is exactly as large as it. */
export function drawWhole(canvas, context, picture) {
  const [width, height] = [
    picture.naturalWidth || picture.width,
    picture.naturalHeight || picture.height,
  ];
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  context.drawImage(picture, 0, 0);
}
