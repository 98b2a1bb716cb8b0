// What happens between the user's choice and a conversation: the server is asked, and the microphone opened or the file read.

import { Attempt } from "../attempt.js";
import { Playback } from "../audio/playback.js";
import { readSoundFile } from "../audio/sound-file.js";
import { FileSource } from "../model/file-source.js";
import { MicrophoneSource } from "../model/microphone-source.js";
import { askForAdmission } from "../net/admission.js";

/**
 * @import { Microphone } from "../audio/microphone.js"
 * @import { Source } from "../model/source.js"
 * @import { Notices } from "../view/notices.js"
 * @import { Choice, SetupView } from "../view/setup-view.js"
 */

export class Starting {
  /**
   * Called with a source that is open.
   *
   * @type {(choice: Choice, source: Source) => void}
   */
  onReady = () => {};
  /**
   * Called with the level of the microphone of a conversation.
   *
   * @type {(peak: number) => void}
   */
  onLevel = () => {};
  /**
   * Called with what was thrown, `CalledOff` included.
   *
   * @type {(error: unknown) => void}
   */
  onError = () => {};

  #microphone;
  #notices;
  #setup;
  /** @type {Attempt | null} */
  #attempt = null;

  /** @param {{microphone: Microphone, notices: Notices, setup: SetupView}} parts */
  constructor({ microphone, notices, setup }) {
    this.#microphone = microphone;
    this.#notices = notices;
    this.#setup = setup;
  }

  /** Whether a conversation is being started. */
  get isUnderWay() {
    return this.#attempt !== null;
  }

  /** Opens the microphone that is chosen, and shows its level. */
  async checkMicrophone() {
    this.#notices.clear();
    this.#microphone.onFrame = (_, peak) => this.#setup.showLevel(peak);
    try {
      await this.openMicrophone();
    } catch (error) {
      this.onError(error);
    }
  }

  /** Opens the microphone that is chosen, in the place of one that is open or just being opened. */
  async openMicrophone() {
    await this.#microphone.open(this.#setup.deviceId);
    // Only now are their names told.
    this.#setup.listDevices();
  }

  /** @param {Choice} choice */
  async start(choice) {
    const attempt = new Attempt();
    this.#attempt = attempt;
    this.#notices.clear();
    // Made now: some browsers let sound begin by a press only, and forget the press while they wait.
    const playback = choice.file !== null && choice.isPaced ? new Playback() : null;
    try {
      const source = await this.#source(choice, attempt, playback);
      this.#notices.clear();
      this.onReady(choice, source);
    } catch (error) {
      playback?.close();
      if (this.#attempt === attempt) {
        this.#setup.busy = null;
        this.onError(error);
      }
    } finally {
      this.#attempt = this.#attempt === attempt ? null : this.#attempt;
    }
  }

  /** Calls off what is under way, and lets the microphone go. */
  cancel() {
    this.#attempt?.callOff();
    this.#attempt = null;
    this.#microphone.close();
    this.#setup.busy = null;
    this.#setup.hideLevel();
  }

  /**
   * @param {Choice} choice
   * @param {Attempt} attempt
   * @param {Playback | null} playback
   * @returns {Promise<Source>}
   */
  async #source({ token, file, isPaced }, attempt, playback) {
    this.#setup.busy = "Connecting …";
    await attempt.step(askForAdmission(document.baseURI, token));
    /** @type {Promise<Source>} */
    const source = file === null ? this.#microphoneSource(attempt) : this.#fileSource(file, isPaced, playback);
    return attempt.step(source);
  }

  /** @param {Attempt} attempt */
  async #microphoneSource(attempt) {
    this.#setup.busy = "Opening microphone …";
    await attempt.step(this.#microphone.settled());
    if (!this.#microphone.isAlive) {
      await attempt.step(this.openMicrophone());
    }
    return new MicrophoneSource(this.#microphone, (peak) => this.onLevel(peak));
  }

  /**
   * @param {File} file
   * @param {boolean} isPaced
   * @param {Playback | null} playback
   */
  async #fileSource(file, isPaced, playback) {
    this.#setup.busy = "Reading the file …";
    this.#microphone.close();
    this.#setup.hideLevel();
    return new FileSource(file.name, await readSoundFile(file), isPaced, playback);
  }
}
