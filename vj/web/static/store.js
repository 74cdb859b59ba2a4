/**
 * What vj has said: values of parameters and the state. Whoever shows one subscribes to it and is
 * called once for each picture of the screen at most, with the newest.
 */

/** Calls the subscribers of keys that have changed, in the browser's next frame. */
class Changes {
  #subscribers = new Map();
  #changed = new Set();
  #asked = false;
  #call;

  /**
   * @param {(callback: Function, key: string) => void} call calls a subscriber with what it
   * wants
   */
  constructor(call) {
    this.#call = call;
  }

  subscribe(key, callback) {
    if (!this.#subscribers.has(key)) this.#subscribers.set(key, new Set());
    this.#subscribers.get(key).add(callback);
    this.#mark(key);
    return () => this.#subscribers.get(key).delete(callback);
  }

  mark(key) {
    if (this.#subscribers.has(key)) this.#mark(key);
  }

  #mark(key) {
    this.#changed.add(key);
    if (this.#asked) return;
    this.#asked = true;
    requestAnimationFrame(() => this.#flush());
  }

  #flush() {
    this.#asked = false;
    const changed = [...this.#changed];
    this.#changed.clear();
    for (const key of changed) {
      for (const callback of [...this.#subscribers.get(key)]) {
        try {
          this.#call(callback, key);
        } catch (error) {
          console.error(key, error); // one that fails must not stop the others
        }
      }
    }
  }
}

/**
 * Values of parameters: targets and effective values as vj says them, and what a hand here
 * holds.
 */
export class Values {
  #targets = new Map();
  #effective = new Map();
  #held = new Map(); // name -> what the hand has made of it; the socket does not move it meanwhile
  #changes = new Changes((callback, name) => callback(this.target(name), this.effective(name)));

  /** What a fader shows: the hand's value while it is held, else vj's. */
  target(name) {
    return this.#held.has(name) ? this.#held.get(name) : this.#targets.get(name);
  }

  /** The value that the picture is made with, after macros and modulators. */
  effective(name) {
    const value = this.#effective.get(name);
    return value === undefined ? this.target(name) : value;
  }

  /**
   * Call `callback(target, effective)` now and after each change, once a frame at most.
   * @returns {() => void} ends it
   */
  subscribe(name, callback) {
    return this.#changes.subscribe(name, callback);
  }

  /** A `values` message. */
  take({t = {}, e = {}}) {
    for (const name in t) {
      this.#targets.set(name, t[name]);
      this.#changes.mark(name);
    }
    for (const name in e) {
      this.#effective.set(name, e[name]);
      this.#changes.mark(name);
    }
  }

  /** The names there are targets of. */
  names() {
    return [...this.#targets.keys()];
  }

  hold(name, value) {
    this.#held.set(name, value);
    this.#changes.mark(name);
  }

  /** vj's value is shown again. */
  letGo(name) {
    if (this.#held.delete(name)) this.#changes.mark(name);
  }

  letAllGo() {
    for (const name of [...this.#held.keys()]) this.letGo(name);
  }
}

/** The state: fps, the standing cue, a running fade, ... */
export class State {
  #keys = new Map();
  #changes = new Changes((callback, key) => callback(this.get(key)));

  get(key) {
    return this.#keys.get(key);
  }

  /**
   * Call `callback(value)` now and after each change, once a frame at most.
   * @returns {() => void} ends it
   */
  subscribe(key, callback) {
    return this.#changes.subscribe(key, callback);
  }

  /** A `state` message. */
  take(message) {
    for (const key in message) {
      if (key === "type") continue;
      this.#keys.set(key, message[key]);
      this.#changes.mark(key);
    }
  }
}
