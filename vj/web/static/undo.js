/** The last gestures, and how to take them back. A gesture lasts from press to release. */

const DEPTH = 50;

/** What does something rather than holds a value: taking its text back would do it once more. */
const ACTIONS = /^(cue|take|timeline)\/|^record$/;

export class Undo {
  #done = [];
  #callbacks = new Set();
  #app;

  constructor(app) {
    this.#app = app;
  }

  get size() {
    return this.#done.length;
  }

  /** @returns {Map<string, *>} a gesture, to be given to `app.set` and to `end` */
  begin() {
    return new Map();
  }

  /** Remember what `name` was before the gesture moved it first. */
  note(gesture, name) {
    const row = this.#app.row(name);
    if (gesture.has(name) || !row || row.trigger || ACTIONS.test(name)) return;
    gesture.set(name, this.#app.values.target(name));
  }

  /** Everything as it is, before something moves it all. */
  noteAll(gesture) {
    for (const name of this.#app.values.names()) this.note(gesture, name);
  }

  end(gesture) {
    const {values} = this.#app;
    for (const [name, before] of [...gesture]) {
      if (before === undefined || before === values.target(name)) gesture.delete(name);
    }
    this.keep(gesture);
  }

  /** `end` for what has not arrived yet: kept as it is, and compared when it is undone. */
  keep(gesture) {
    if (gesture.size === 0) return;
    this.#done.push(gesture);
    if (this.#done.length > DEPTH) this.#done.shift();
    this.#tell();
  }

  /** Take the last gesture back. */
  undo() {
    const {connection, values} = this.#app;
    if (!connection.connected || this.#done.length === 0) return;
    const gesture = this.#done.pop();
    for (const [name, before] of gesture) {
      if (this.#app.row(name) && values.target(name) !== before) this.#app.put(name, before);
    }
    this.#app.say(
      `undone: ${[...gesture.keys()]
        .slice(0, 3)
        .map(name => this.#label(name))
        .join(", ")}`,
    );
    this.#tell();
  }

  #label(name) {
    const row = this.#app.row(name);
    return row ? row.label : name;
  }

  clear() {
    this.#done.length = 0;
    this.#tell();
  }

  /** Call `callback(size)` now and whenever it changes. */
  subscribe(callback) {
    this.#callbacks.add(callback);
    callback(this.size);
  }

  #tell() {
    for (const callback of this.#callbacks) callback(this.size);
  }
}
