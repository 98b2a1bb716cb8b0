// Offers to remember the voice of one speaker, says that it is remembered, and forgets it again.

import { element } from "./dom.js";

/**
 * What can be done to remember a voice, and what has been.
 *
 * @typedef {{state: "none"}} NothingToKeep the speaker has no name, or nothing can be remembered at all
 * @typedef {{state: "short"}} TooShort too little of the voice was heard
 * @typedef {{state: "offered", isAgain: boolean}} Offered `isAgain`: other voiceprints of the person are remembered already
 * @typedef {{state: "kept", name: string, isSame: boolean}} Kept under a name, which may be another than the present one
 */

/** @typedef {NothingToKeep | TooShort | Offered | Kept} Keeping */

export class RememberVoice {
  element = element("div", { class: "remember" });
  #onRemember;
  #onForget;
  /** What it was made from. */
  #madeFrom = "";

  /** @param {{onRemember: () => void, onForget: () => void}} handlers called where the user wants so */
  constructor({ onRemember, onForget }) {
    this.#onRemember = onRemember;
    this.#onForget = onForget;
  }

  /**
   * Makes the buttons anew only where they have changed, so that the focus stays; where it was on one that goes, another takes it.
   *
   * @param {string} label of the speaker
   * @param {Keeping} keeping
   */
  render(label, keeping) {
    const madeFrom = JSON.stringify([label, keeping]);
    if (this.#madeFrom !== madeFrom) {
      this.#madeFrom = madeFrom;
      const hadFocus = this.element.contains(document.activeElement);
      this.element.replaceChildren(...this.#content(label, keeping));
      this.element.hidden = keeping.state === "none";
      if (hadFocus) {
        this.element.querySelector("button")?.focus();
      }
    }
  }

  /**
   * @param {string} label
   * @param {Keeping} keeping
   */
  #content(label, keeping) {
    if (keeping.state === "short") {
      return ["Too little was heard of this voice to remember it."];
    }
    if (keeping.state === "offered") {
      const text = keeping.isAgain ? "Remember this voice from here as well" : "Remember this voice on this device";
      return [button(text, label, this.#onRemember)];
    }
    if (keeping.state === "kept") {
      const instead = keeping.isSame ? [] : [button(`Remember as ${label} instead`, "", this.#onRemember)];
      return [`Remembered on this device as ${keeping.name}.`, ...instead, button("Forget", keeping.name, this.#onForget)];
    }
    return [];
  }
}

/**
 * @param {string} text
 * @param {string} whom said to screen readers only
 * @param {() => void} onClick
 */
function button(text, whom, onClick) {
  const hidden = element("span", { class: "visually-hidden" }, ` (${whom})`);
  const made = element("button", { type: "button", class: "quiet small" }, text, ...(whom === "" ? [] : [hidden]));
  made.addEventListener("click", onClick);
  return made;
}
