// Tells a screen reader who speaks: only somebody who has spoken for a moment, and not too often.

import { byId, setText } from "./dom.js";

/** Time that somebody has to speak before being announced. */
const HOLD_MS = 1200;
/** Shortest time between announcements. */
const REST_MS = 4000;

export class Announcer {
  /** @type {string | null} */
  #announced = null;
  #announcedAt = -Infinity;
  /** @type {string | null} */
  #candidate = null;
  #since = 0;

  /**
   * Takes in who speaks; to be called again and again.
   *
   * @param {string | null} label null for nobody
   */
  update(label) {
    const now = performance.now();
    if (label !== this.#candidate) {
      this.#candidate = label;
      this.#since = now;
    }
    const isDue = label !== null && label !== this.#announced && now - this.#since >= HOLD_MS && now - this.#announcedAt >= REST_MS;
    if (isDue && byId("announce", HTMLInputElement).checked) {
      this.#announced = label;
      this.#announcedAt = now;
      this.say(`${label} is speaking`);
    }
  }

  reset() {
    this.#announced = this.#candidate = null;
    this.say("");
  }

  /** @param {string} text */
  say(text) {
    setText(byId("announcement"), text);
  }
}
