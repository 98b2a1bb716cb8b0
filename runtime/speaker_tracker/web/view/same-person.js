// Asks whether a voice that came after a break is a person of before, and takes the answer back, also the server's.

import { element } from "./dom.js";

/**
 * @import { LateVoice } from "../conversation.js"
 * @import { Speaker } from "../model/summary.js"
 */

export class SamePerson {
  element = element("div", { class: "same" });
  #onAssign;
  /** What the choice was made from. */
  #madeFrom = "";

  /** @param {(voice: string, number: number | null) => void} onAssign called with null to make a voice a person of its own again */
  constructor(onAssign) {
    this.#onAssign = onAssign;
  }

  /**
   * Makes the choice anew only where it has changed, so that a list that is open stays open.
   *
   * @param {Speaker} speaker
   * @param {LateVoice[]} lateVoices
   * @param {Speaker[]} speakers
   */
  render(speaker, lateVoices, speakers) {
    const theirs = lateVoices.filter((voice) => voice.number === speaker.number);
    const others = speakers.filter((other) => other.number < speaker.number);
    const madeFrom = JSON.stringify([theirs, speaker.label, others.map(({ number, label }) => [number, label])]);
    if (this.#madeFrom !== madeFrom) {
      this.#madeFrom = madeFrom;
      this.element.replaceChildren(
        ...theirs.map((voice) => (voice.own === speaker.number ? this.#choice(voice, speaker, others) : this.#undo(voice))),
      );
      this.element.hidden = theirs.length === 0;
    }
  }

  /**
   * @param {LateVoice} voice
   * @param {Speaker} speaker
   * @param {Speaker[]} others
   */
  #choice(voice, speaker, others) {
    const select = element(
      "select",
      {},
      element("option", { value: "" }, "somebody new"),
      ...others.map((other) => element("option", { value: other.number }, other.label)),
    );
    select.addEventListener("change", () => this.#onAssign(voice.key, Number(select.value)));
    return element("label", {}, `${speaker.label} is `, select);
  }

  /** @param {LateVoice} voice */
  #undo(voice) {
    const button = element("button", { type: "button", class: "quiet small" }, "Not the same person");
    button.addEventListener("click", () => this.#onAssign(voice.key, null));
    const what = voice.isFoundAgain ? "Recognized after the break " : `Also what was Speaker ${voice.own} `;
    return element("span", {}, what, button);
  }
}
