// The latest correction in words.

import { clock } from "../clock.js";
import { byId, setText } from "./dom.js";

const NONE = "Labels are corrected for a while as more is heard; what changes is outlined for a moment.";

export class CorrectionsView {
  #count = 0;

  reset() {
    this.#count = 0;
    setText(byId("corrections"), NONE);
  }

  /** `corrections`: `{startMs, endMs, was, is}` with numbers of people. */
  show(corrections, people) {
    if (corrections.length === 0) {
      return;
    }
    this.#count += corrections.length;
    const { startMs, endMs, was, is } = corrections.at(-1);
    const [before, now] = [was, is].map((numbers) => numbers.map((number) => people.label(number)).join(" and ") || "nobody");
    const many = this.#count === 1 ? "1 correction" : `${this.#count} corrections`;
    setText(byId("corrections"), `${many}; the latest: ${clock(startMs, true)} to ${clock(endMs, true)} is ${now}, not ${before}.`);
  }
}
