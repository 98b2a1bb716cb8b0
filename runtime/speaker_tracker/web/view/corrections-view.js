// The latest correction in words.

import { clock } from "../clock.js";
import { byId, setText } from "./dom.js";

/**
 * @import { NamedCorrection } from "../conversation.js"
 * @import { People } from "../model/people.js"
 */

const NONE = "Labels are corrected for a while as more is heard; what changes is outlined for a moment.";

export class CorrectionsView {
  #count = 0;

  reset() {
    this.#count = 0;
    setText(byId("corrections"), NONE);
  }

  /**
   * @param {NamedCorrection[]} corrections
   * @param {People} people
   */
  show(corrections, people) {
    const latest = corrections.at(-1);
    if (latest === undefined) {
      return;
    }
    this.#count += corrections.length;
    const { startMs, endMs, was, is } = latest;
    const [before, now] = [inWords(was, is, people), inWords(is, was, people)];
    const many = this.#count === 1 ? "1 correction" : `${this.#count} corrections`;
    setText(byId("corrections"), `${many}; the latest: ${clock(startMs, true)} to ${clock(endMs, true)} is ${now}, not ${before}.`);
  }
}

/**
 * Some people in words; `Anna alone` where the others are Anna and somebody else.
 *
 * @param {number[]} numbers
 * @param {number[]} others
 * @param {People} people
 */
function inWords(numbers, others, people) {
  if (numbers.length === 0) {
    return "nobody";
  }
  const isPart = numbers.length < others.length && numbers.every((number) => others.includes(number));
  return isPart ? `${people.labels(numbers)} alone` : people.labels(numbers);
}
