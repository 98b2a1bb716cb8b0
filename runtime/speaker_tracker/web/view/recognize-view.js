// Whether remembered voices are recognized in the next conversation, and how many.

import { namesOf, usableWith } from "../voices/remembered.js";
import { isRecognitionWanted, wantRecognition } from "./recognition-wanted.js";
import { byId, setText } from "./dom.js";

/**
 * @import { VoiceOffer } from "../net/admission.js"
 * @import { RememberedVoice } from "../voices/remembered.js"
 */

export class RecognizeView {
  #box = byId("recognize", HTMLInputElement);

  constructor() {
    this.#box.checked = isRecognitionWanted();
    this.#box.addEventListener("change", () => wantRecognition(this.#box.checked));
  }

  get isOn() {
    return this.#box.checked;
  }

  /**
   * @param {RememberedVoice[]} voices
   * @param {VoiceOffer | null} offer null where the server recognizes no voices, or it is not known
   */
  render(voices, offer) {
    byId("recognize-field").hidden = voices.length === 0 || offer === null;
    if (offer !== null) {
      setText(byId("recognize-hint"), hintOf(voices, offer));
    }
  }
}

/**
 * @param {RememberedVoice[]} voices
 * @param {VoiceOffer} offer
 */
function hintOf(voices, offer) {
  const usable = usableWith(voices, offer);
  if (usable.length === 0) {
    return "None of them is of the voice model of this server, so nobody can be recognized.";
  }
  const people = namesOf(usable).length;
  const whose = `The voiceprints of ${people === 1 ? "1 person" : `${people} people`} are sent to this server when you start.`;
  const some = `This server takes ${offer.maxVoices} voiceprints, so only the newest of your ${usable.length} are sent when you start.`;
  return usable.length > offer.maxVoices ? some : whose;
}
