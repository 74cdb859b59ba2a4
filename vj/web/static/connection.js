/**
 * The socket to vj: requests with replies, messages by type, and coming back when vj does.
 *
 * A browser slows down a WebSocket that has failed a few times, by seconds. So while vj is away
 * it is asked over HTTP, twice a second, and the socket is opened once it answers.
 */

const RETRY = 500; // ms between two tries
const SILENCE = 3000; // ms without a message until the socket is asked for a sign of life
const PATIENCE = 2000; // ms for that sign, and for a try to connect
const REPLY = 30000; // ms for a reply
const WANTS_PIN = 4401; // with this code vj closes the socket of a device it does not know

export class Connection {
  connected = false;
  #socket = null;
  #callbacks = new Map();
  #waiting = new Map();
  #last = 0;
  #heard = 0;
  #url;

  /**
   * @param {string} [search] the query of the page's own address: `/view?key=...` passes its key
   * on
   */
  constructor(search = location.search) {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    this.#url = `${scheme}//${location.host}/socket${search}`;
  }

  start() {
    this.connect();
    setInterval(() => this.#watch(), 1000);
  }

  /**
   * Call `callback` with each message of a type. Besides vj's own: `open` and `close`, of the
   * socket; `pin`: vj does not know this device, and the socket is not tried again until `connect`.
   * @returns {() => void} ends it
   */
  on(type, callback) {
    if (!this.#callbacks.has(type)) this.#callbacks.set(type, new Set());
    this.#callbacks.get(type).add(callback);
    return () => this.#callbacks.get(type).delete(callback);
  }

  /**
   * Ask vj for something.
   * @returns {Promise<object>} the reply; rejected with an Error whose message is for the
   *   performer, when vj refuses, or has gone
   */
  request(type, fields = {}) {
    if (!this.connected) return Promise.reject(new Error("vj is away"));
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#settle({id, error: `no answer to ${type}`}), REPLY);
      this.#waiting.set(id, {resolve, reject, timer});
      this.#socket.send(JSON.stringify({type, id, ...fields}));
    });
  }

  /** Send without wanting a reply. Lost when vj is away. */
  send(type, fields = {}) {
    if (this.connected) this.#socket.send(JSON.stringify({type, ...fields}));
  }

  connect() {
    const socket = new WebSocket(this.#url);
    const timer = setTimeout(() => socket.close(), PATIENCE);
    this.#socket = socket;
    socket.onopen = () => {
      clearTimeout(timer);
      this.connected = true;
      this.#heard = performance.now();
      this.#tell("open", {});
    };
    socket.onmessage = event => {
      this.#heard = performance.now();
      const message = JSON.parse(event.data);
      if (message.type === "reply") this.#settle(message);
      else this.#tell(message.type, message);
    };
    socket.onclose = event => {
      clearTimeout(timer);
      this.#lost(socket, event.code);
    };
  }

  #lost(socket, code) {
    if (this.#socket !== socket) return;
    this.#socket = null;
    this.connected = false;
    for (const id of [...this.#waiting.keys()]) this.#settle({id, error: "vj is away"});
    this.#tell("close", {code});
    if (code === WANTS_PIN) this.#tell("pin", {});
    else setTimeout(() => this.#probe(), RETRY);
  }

  /** Ask over HTTP whether vj is back. */
  async #probe() {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), PATIENCE);
    try {
      await fetch("/static/connection.js", {
        method: "HEAD",
        cache: "no-store",
        signal: stop.signal,
      });
      this.connect();
    } catch {
      setTimeout(() => this.#probe(), RETRY);
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * A network that has silently gone is noticed too: anything that vj answers is a sign of
   * life.
   */
  #watch() {
    const silent = performance.now() - this.#heard;
    if (!this.connected || silent < SILENCE) return;
    if (silent > SILENCE + PATIENCE) {
      const socket = this.#socket;
      socket.onclose = null;
      socket.close();
      this.#lost(socket, 0);
    } else this.request("ping").catch(() => {});
  }

  #settle(reply) {
    const waiting = this.#waiting.get(reply.id);
    if (waiting === undefined) return;
    this.#waiting.delete(reply.id);
    clearTimeout(waiting.timer);
    if (reply.error) waiting.reject(new Error(reply.error));
    else waiting.resolve(reply);
  }

  #tell(type, message) {
    for (const callback of [...(this.#callbacks.get(type) || [])]) {
      try {
        callback(message);
      } catch (error) {
        console.error(type, error); // one listener must not keep the message from the others
      }
    }
  }
}
