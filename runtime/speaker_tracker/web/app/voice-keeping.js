// Voices that are remembered on this device: what is done with them, and the views of it.

import { download } from "../export/download.js";
import { RecognizeView } from "../view/recognize-view.js";
import { VoicesView } from "../view/voices-view.js";
import { changesToAdd } from "../voices/remembered.js";
import { readVoices, writeVoices } from "../voices/voice-file.js";
import { VoiceStore } from "../voices/voice-store.js";
import { isOf, modelInWords } from "../voices/voiceprint.js";
import { messageOf, Problem } from "../wording.js";

/**
 * @import { Recognition } from "../model/recognition.js"
 * @import { Speaker } from "../model/summary.js"
 * @import { VoiceOffer } from "../net/admission.js"
 * @import { Keeping } from "../view/remember-voice.js"
 * @import { RememberedVoice } from "../voices/remembered.js"
 */

/** Largest file that is read: many times what all voices of a large company take. */
const MAX_FILE_BYTES = 20_000_000;

export class VoiceKeeping {
  /** @type {(error: unknown) => void} */
  onError = () => {};

  #store = new VoiceStore();
  /**
   * As they were read last.
   *
   * @type {RememberedVoice[]}
   */
  #voices = [];
  /**
   * What the server recognizes voices by; null where it recognizes none, undefined before it is known.
   *
   * @type {VoiceOffer | null | undefined}
   */
  #offer = undefined;
  #isShown = false;
  #list = new VoicesView();
  #option = new RecognizeView();

  constructor() {
    this.#list.onForget = (voice) => this.#forgetOne(voice);
    this.#list.onForgetAll = () => this.#do(() => this.#store.clear(), "All voices are forgotten.");
    this.#list.onExport = () => this.#export();
    this.#list.onImport = (file) => this.#import(file);
    // Another tab may have changed them.
    addEventListener("focus", () => this.refresh());
    this.refresh();
  }

  set offer(/** @type {VoiceOffer | null} */ offer) {
    this.#offer = offer;
    this.#render();
  }

  set hidden(/** @type {boolean} */ hidden) {
    this.#isShown = !hidden;
    this.#list.say("");
    this.#render();
  }

  /** Reads anew what is remembered; nothing where the browser keeps nothing. */
  async refresh() {
    this.#voices = await this.#store.all().catch(() => []);
    this.#render();
  }

  /** The voices that the server is to recognize in a session that begins now. */
  async toRecognize() {
    await this.refresh();
    return this.#option.isOn ? this.#voices : [];
  }

  /**
   * What can be done to remember a speaker's voice.
   *
   * @param {Speaker} speaker
   * @param {Recognition} recognition
   * @returns {Keeping}
   */
  keepingOf(speaker, recognition) {
    const kept = this.#keptOf(speaker, recognition);
    if (kept !== undefined) {
      return { state: "kept", name: kept.name, isSame: kept.name === speaker.name || speaker.name === "" };
    }
    if (speaker.name === "") {
      return { state: "none" };
    }
    const isAgain = this.#voices.some(({ name }) => name === speaker.name);
    if (recognition.printsOf(speaker.voices).length === 0) {
      return { state: isAgain ? "none" : "short" };
    }
    return { state: "offered", isAgain };
  }

  /**
   * Remembers a speaker's voice by their name, in the place of what was remembered of it in this conversation.
   *
   * @param {Speaker} speaker who has a name
   * @param {Recognition} recognition
   * @returns {Promise<boolean>} whether that was done
   */
  remember(speaker, recognition) {
    const [voiceprint] = recognition.printsOf(speaker.voices);
    const vectors = recognition.printsOf(speaker.voices).map(({ vector }) => vector);
    const added = [{ name: speaker.name, voiceprint, added: today() }];
    return this.#do(() =>
      this.#store.change((kept) => {
        const before = kept.filter((voice) => vectors.includes(voice.voiceprint.vector));
        const { add, remove } = changesToAdd(kept.filter((voice) => !before.includes(voice)), added);
        return { add, remove: [...remove, ...before.map(({ id }) => id)] };
      }),
    );
  }

  /**
   * Forgets what was remembered of a speaker in this conversation.
   *
   * @param {Speaker} speaker
   * @param {Recognition} recognition
   * @returns {Promise<boolean>} whether that was done
   */
  async forgetVoiceOf(speaker, recognition) {
    const kept = this.#keptOf(speaker, recognition);
    return kept !== undefined && this.#remove(kept);
  }

  /**
   * @param {Speaker} speaker
   * @param {Recognition} recognition
   */
  #keptOf(speaker, recognition) {
    const vectors = recognition.printsOf(speaker.voices).map(({ vector }) => vector);
    return this.#voices.find((voice) => vectors.includes(voice.voiceprint.vector));
  }

  /** @param {RememberedVoice} voice */
  #remove({ id }) {
    return this.#do(() => this.#store.change(() => ({ add: [], remove: [id] })));
  }

  /** @param {RememberedVoice} voice */
  async #forgetOne(voice) {
    if (await this.#remove(voice)) {
      this.#list.say(`A voiceprint of ${voice.name} is forgotten.`);
    }
  }

  /** A file for each voice model. */
  #export() {
    const models = new Map(this.#voices.map(({ voiceprint }) => [modelInWords(voiceprint), voiceprint]));
    for (const { model, version } of models.values()) {
      const voices = this.#voices.filter(({ voiceprint }) => isOf(voiceprint, { model, version }));
      const name = `voices-${model.replaceAll(/[^\w.-]+/g, "-")}-${version}.json`;
      download(name, new Blob([writeVoices({ model, version }, voices)], { type: "application/json" }));
    }
  }

  /** @param {File} file */
  async #import(file) {
    try {
      if (file.size > MAX_FILE_BYTES) {
        throw new Problem("voices_file", `${file.name} is too large for a file of voices.`);
      }
      const voices = readVoices(await file.text(), today());
      let many = 0;
      const change = () =>
        this.#store.change((kept) => {
          const changes = changesToAdd(kept, voices);
          many = changes.add.length;
          return changes;
        });
      if (await this.#do(change)) {
        this.#list.say(importedInWords(many, voices.length));
      }
    } catch (error) {
      this.onError(error);
    }
  }

  /**
   * Does something with the store, and shows what it has then.
   *
   * @param {() => Promise<void>} action
   * @param {string} [said] what has been done, in words
   * @returns {Promise<boolean>} whether it was done
   */
  async #do(action, said = "") {
    try {
      await action();
      await this.refresh();
      this.#list.say(said);
      return true;
    } catch (error) {
      this.onError(new Problem("voices_not_kept", messageOf(error)));
      return false;
    }
  }

  #render() {
    const isOff = this.#offer === null || (this.#offer === undefined && this.#voices.length === 0);
    this.#list.hidden = !this.#isShown || isOff;
    this.#list.render(this.#voices, this.#offer ?? null);
    this.#option.render(this.#voices, this.#offer ?? null);
  }
}

/** The day that it is here, such as `2026-11-28`. */
function today() {
  const now = new Date();
  return new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
}

/**
 * @param {number} many voices that were added
 * @param {number} all voices in the file
 */
function importedInWords(many, all) {
  const imported = many === 1 ? "1 voiceprint was imported." : `${many} voiceprints were imported.`;
  const rest = all - many;
  return rest === 0 ? imported : `${imported} ${rest === 1 ? "1 was" : `${rest} were`} left out: it is there already, or older than five others of the person.`;
}
