/** The PIN, once for each device: a pad for thumbs, and the keyboard. */

import {make} from "./dom.js";
import {button, openSheet, say, statusLine} from "./parts.js";

const LONGEST = 12;
let asking = null;

/**
 * Asks for the PIN until it is right or the sheet is closed.
 * @returns {Promise<boolean>} whether vj knows this device now
 */
export function askPin() {
  asking ??= new Promise(resolve => open(resolve)).finally(() => {
    asking = null;
  });
  return asking;
}

function open(resolve) {
  const line = statusLine();
  const shown = make("output.t-pin", {"aria-label": "digits so far"});
  let digits = "";
  let known = false;
  let waiting = 0;
  const sheet = openSheet("PIN", {
    onClose() {
      clearInterval(waiting);
      resolve(known);
    },
  });
  const enter = button("OK", send, {className: "t-button t-main"});
  const erase = button("⌫", () => show(digits.slice(0, -1)), {"aria-label": "delete a digit"});
  const keys = [..."123456789"].map(key);
  sheet.body.append(
    make("p.t-quiet", {}, "vj printed the PIN when it started. This device is asked once."),
    shown,
    make("div.t-pad", {}, ...keys, erase, key("0"), enter),
    line,
  );
  sheet.body.parentElement.addEventListener("keydown", event => {
    if (/^[0-9]$/.test(event.key)) show(digits + event.key);
    else if (event.key === "Backspace") show(digits.slice(0, -1));
    else if (event.key === "Enter" && !event.target.closest("button")) send();
  });
  show("");

  function key(digit) {
    return button(digit, () => show(digits + digit));
  }

  function show(now) {
    digits = now.slice(0, LONGEST);
    shown.textContent = "•".repeat(digits.length) || " ";
    if (digits) say(line, "");
    enter.disabled = !digits || waiting !== 0;
  }

  async function send() {
    if (enter.disabled) return;
    enter.disabled = true;
    let text = "";
    let seconds = 0;
    try {
      const answer = await fetch("/pin", {
        method: "POST",
        headers: {"Content-Type": "application/json"},
        body: JSON.stringify({pin: digits}),
      });
      known = answer.ok;
      if (!known) {
        const reply = await answer.json().catch(() => ({}));
        text = reply.error || "That is not the PIN.";
        seconds = reply.wait || Number(answer.headers.get("Retry-After")) || 0;
      }
    } catch {
      text = "vj does not answer. Is it running?";
    }
    if (known) {
      sheet.close();
      return;
    }
    show("");
    say(line, text, true);
    if (seconds > 0) wait(Math.ceil(seconds));
  }

  /** Too many wrong ones: says for how long, counting down. */
  function wait(seconds) {
    const until = Date.now() + seconds * 1000;
    const tick = () => {
      const left = Math.ceil((until - Date.now()) / 1000);
      if (left > 0) {
        say(line, `Too many tries. Wait ${left} s.`, true);
        return;
      }
      clearInterval(waiting);
      waiting = 0;
      say(line, "");
      show(digits);
    };
    clearInterval(waiting);
    waiting = setInterval(tick, 500);
    tick();
  }
}

/**
 * The button that asks for the PIN, shown where this page may only look though its address is not that
 * of `/view`.
 */
export function mount(element, app) {
  const unlock = button("Enter the PIN to play", unlocked, {className: "t-button t-main t-unlock"});
  unlock.hidden = true;
  element.append(unlock);
  app.onShow(show => {
    unlock.hidden = location.pathname === "/view" || (show.may.play && show.may.write);
    if (!unlock.hidden)
      unlock.textContent = `Enter the PIN to ${show.may.play ? "change" : "play"}`;
  });
  app.connection.on("pin", () => {
    unlock.hidden = false;
  });

  async function unlocked() {
    if (await askPin()) location.reload(); // the sockets are opened anew, with the cookie
  }
}
