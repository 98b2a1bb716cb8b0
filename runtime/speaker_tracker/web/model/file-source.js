// A sound file as a source of a conversation.

import { FileOutbox } from "./file-outbox.js";

/** @import { Playback } from "../audio/playback.js" */

/** A `Source`. */
export class FileSource {
  kind = /** @type {const} */ ("file");
  name;
  outbox;
  #isPaced;
  #playback;

  /**
   * @param {string} name
   * @param {Int16Array<ArrayBuffer>} samples at 16 kHz
   * @param {boolean} isPaced at the pace of speech
   * @param {Pick<Playback, "load" | "play" | "pause" | "close"> | null} playback null where the file is not to be heard
   */
  constructor(name, samples, isPaced, playback) {
    this.name = name;
    this.outbox = new FileOutbox(samples, isPaced);
    this.#isPaced = isPaced;
    this.#playback = playback;
    playback?.load(samples);
  }

  get durationMs() {
    return this.outbox.durationMs;
  }

  isStuckAtTick() {
    return false;
  }

  /**
   * How far the file has been heard: by the pace of speech, or by the server.
   *
   * @param {number} processedMs
   */
  positionMs(processedMs) {
    return this.#isPaced ? this.outbox.positionMs : processedMs;
  }

  /** There is no connection: time stands. */
  wait() {
    this.pause();
  }

  run() {
    this.outbox.run();
    this.#playback?.play(this.outbox.positionMs);
  }

  pause() {
    this.outbox.pause();
    this.#playback?.pause();
  }

  /** What has not been given out yet is not heard any more. */
  async finish() {
    this.pause();
    this.outbox.close();
    this.#playback?.close();
    this.#playback = null;
  }
}
