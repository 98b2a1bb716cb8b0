// Tells a screen reader who speaks.

import { Announcements } from "../model/announcements.js";
import { byId, setText } from "./dom.js";

/** @import { People } from "../model/people.js" */

export class Announcer {
  #announcements = new Announcements();

  /**
   * Takes in who speaks; to be called again and again.
   *
   * @param {number[]} numbers in ascending order, none for nobody
   * @param {People} people
   */
  update(numbers, people) {
    const now = performance.now();
    const due = this.#announcements.due(numbers, now, (number) => people.label(number));
    if (due.length > 0 && byId("announce", HTMLInputElement).checked) {
      this.#announcements.told(due, now, (number) => people.label(number));
      this.say(`${people.labels(due)} ${due.length === 1 ? "is" : "are"} speaking`);
    }
  }

  reset() {
    this.#announcements = new Announcements();
    this.say("");
  }

  /** @param {string} text */
  say(text) {
    setText(byId("announcement"), text);
  }
}
