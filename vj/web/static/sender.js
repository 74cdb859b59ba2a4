/**
 * Sends values: of a parameter at most one at a time, and of those that came up meanwhile only the
 * newest. Until vj's answer has arrived, the hand's value is shown.
 */

const SETTLE = 150; // ms after the last answer: what the socket said before it may still be underway

export class Sender {
  #next = new Map();
  #flying = new Set();
  #hands = new Set();
  #timers = new Map();
  #connection;
  #values;
  #say;

  /** @param {(text: string) => void} say tells the performer what vj remarks */
  constructor(connection, values, say) {
    this.#connection = connection;
    this.#values = values;
    this.#say = say;
    connection.on("close", () => this.#forget());
  }

  /** A hand is on it: vj's values do not move it until `release`. */
  hold(name) {
    this.#hands.add(name);
    this.#values.hold(name, this.#values.target(name));
  }

  release(name) {
    this.#hands.delete(name);
    this.#settle(name);
  }

  held(name) {
    return this.#hands.has(name);
  }

  /** @returns {boolean} whether vj is there to take it */
  set(name, value) {
    if (!this.#connection.connected) return false;
    this.#values.hold(name, value);
    this.#next.set(name, value);
    if (!this.#flying.has(name)) this.#fly(name);
    return true;
  }

  async #fly(name) {
    this.#flying.add(name);
    while (this.#next.has(name)) {
      const value = this.#next.get(name);
      this.#next.delete(name);
      try {
        const reply = await this.#connection.request("set", {name, value});
        if (reply.remark) this.#say(reply.remark);
        // As vj has fitted it: what the socket brought meanwhile may be older.
        if (reply.value !== undefined) this.#values.take({t: {[name]: reply.value}});
      } catch (error) {
        this.#say(error.message);
      }
    }
    this.#flying.delete(name);
    this.#settle(name);
  }

  #settle(name) {
    clearTimeout(this.#timers.get(name));
    this.#timers.set(
      name,
      setTimeout(() => {
        this.#timers.delete(name);
        if (!this.#hands.has(name) && !this.#flying.has(name)) this.#values.letGo(name);
      }, SETTLE),
    );
  }

  /** vj has gone: what it has not taken is forgotten, and its last values are shown. */
  #forget() {
    this.#next.clear();
    this.#hands.clear();
    this.#values.letAllGo();
  }
}
