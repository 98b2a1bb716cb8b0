// The list of voices that are remembered on this device.

import { newestFirst } from "../voices/remembered.js";
import { isOf, modelInWords } from "../voices/voiceprint.js";
import { spokenTime } from "../clock.js";
import { byId, element, setText } from "./dom.js";

/**
 * @import { VoiceOffer } from "../net/admission.js"
 * @import { RememberedVoice } from "../voices/remembered.js"
 */

export class VoicesView {
  /** @type {(voice: RememberedVoice) => void} */
  onForget = () => {};
  onForgetAll = () => {};
  onExport = () => {};
  /** @type {(file: File) => void} */
  onImport = () => {};

  #section = byId("voices");
  #list = byId("voice-list");
  /** What the list was made from. */
  #madeFrom = "";

  constructor() {
    const file = byId("import-voices", HTMLInputElement);
    file.addEventListener("change", () => {
      const chosen = file.files?.[0];
      if (chosen !== undefined) {
        this.onImport(chosen);
      }
      // So that the same file can be chosen again.
      file.value = "";
    });
    byId("export-voices").addEventListener("click", () => this.onExport());
    byId("forget-voices").addEventListener("click", () => this.#ask());
    byId("forget-yes").addEventListener("click", () => this.#answer(true));
    byId("forget-no").addEventListener("click", () => this.#answer(false));
  }

  set hidden(/** @type {boolean} */ hidden) {
    this.#section.hidden = hidden;
  }

  /**
   * Makes the list anew only where it has changed, so that the focus stays.
   *
   * @param {RememberedVoice[]} voices
   * @param {VoiceOffer | null} offer null where it is not known what the server recognizes voices by
   */
  render(voices, offer) {
    const madeFrom = JSON.stringify([voices, offer]);
    if (this.#madeFrom === madeFrom) {
      return;
    }
    this.#madeFrom = madeFrom;
    const sorted = newestFirst(voices).sort((a, b) => a.name.localeCompare(b.name));
    const hadFocus = this.#list.contains(document.activeElement);
    const position = [...this.#list.children].findIndex((item) => item.contains(document.activeElement));
    this.#list.replaceChildren(...sorted.map((voice) => this.#item(voice, offer)));
    if (hadFocus) {
      const next = this.#list.children[Math.min(position, voices.length - 1)]?.querySelector("button") ?? byId("voices-title");
      next.focus();
    }
    setText(byId("voices-title"), voices.length === 0 ? "Remembered voices" : `Remembered voices (${voices.length})`);
    byId("no-voices").hidden = voices.length > 0;
    for (const id of ["export-voices", "forget-voices"]) {
      byId(id, HTMLButtonElement).disabled = voices.length === 0;
    }
    if (voices.length === 0) {
      this.#showQuestion(false);
    }
    setText(byId("forget-text"), `Forget ${voices.length === 1 ? "the one remembered voice" : `all ${voices.length} voices`} on this device? This cannot be undone.`);
  }

  /** @param {string} text what has been done */
  say(text) {
    setText(byId("voices-status"), text);
  }

  /**
   * @param {RememberedVoice} voice
   * @param {VoiceOffer | null} offer
   */
  #item(voice, offer) {
    const { name, voiceprint, added } = voice;
    const day = new Date(`${added}T12:00:00`).toLocaleDateString(undefined, { dateStyle: "medium" });
    const facts = `${day} · ${spokenTime(voiceprint.seconds * 1000)} of speech · ${modelInWords(voiceprint)}`;
    const forget = element(
      "button",
      { type: "button", class: "quiet small" },
      "Forget",
      element("span", { class: "visually-hidden" }, ` ${name} of ${day}`),
    );
    forget.addEventListener("click", () => this.onForget(voice));
    const words = element("div", {}, element("strong", {}, name), element("p", { class: "hint" }, facts));
    if (offer !== null && !isOf(voiceprint, offer)) {
      words.append(element("p", { class: "hint unusable" }, `Not usable here: this server hears by ${modelInWords(offer)}.`));
    }
    return element("li", {}, words, forget);
  }

  #ask() {
    this.#showQuestion(true);
    byId("forget-no").focus();
  }

  /** @param {boolean} isYes */
  #answer(isYes) {
    this.#showQuestion(false);
    byId(isYes ? "voices-title" : "forget-voices").focus();
    if (isYes) {
      this.onForgetAll();
    }
  }

  /** @param {boolean} isShown */
  #showQuestion(isShown) {
    byId("voice-tools").hidden = isShown;
    byId("forget-question").hidden = !isShown;
  }
}
