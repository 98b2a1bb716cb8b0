// Tells a screen reader who speaks, not at every word: somebody who has held the floor for a moment, and not too often.

import { byId, setText } from "./dom.js";

const HOLD_MS = 1200;
const REST_MS = 4000;

export class Announcer {
  #said = null;
  #saidAt = -Infinity;
  #candidate = null;
  #since = 0;

  /** `label`: who speaks, null for nobody. To be called again and again. */
  hear(label) {
    const now = performance.now();
    if (label !== this.#candidate) {
      this.#candidate = label;
      this.#since = now;
    }
    const isDue = label !== null && label !== this.#said && now - this.#since >= HOLD_MS && now - this.#saidAt >= REST_MS;
    if (isDue && byId("announce").checked) {
      this.#said = label;
      this.#saidAt = now;
      this.say(`${label} is speaking`);
    }
  }

  reset() {
    this.#said = this.#candidate = null;
    this.say("");
  }

  say(text) {
    setText(byId("announcement"), text);
  }
}
