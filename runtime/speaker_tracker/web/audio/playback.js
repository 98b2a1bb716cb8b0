// Lets a file be heard while it is tracked.

import { SAMPLE_RATE } from "../net/protocol.js";
import { fromInt16 } from "./pcm.js";

export class Playback {
  #context = new AudioContext();
  /** @type {AudioBuffer | null} */
  #buffer = null;
  /** @type {AudioBufferSourceNode | null} */
  #node = null;

  constructor() {
    this.#context.resume().catch(() => {});
  }

  /**
   * Takes what is to be played.
   *
   * @param {Int16Array} samples at 16 kHz
   */
  load(samples) {
    this.#buffer = this.#context.createBuffer(1, Math.max(samples.length, 1), SAMPLE_RATE);
    const channel = this.#buffer.getChannelData(0);
    for (let index = 0; index < samples.length; index++) {
      channel[index] = fromInt16(samples[index]);
    }
  }

  /**
   * Plays from this position on.
   *
   * @param {number} positionMs
   */
  play(positionMs) {
    this.pause();
    this.#node = this.#context.createBufferSource();
    this.#node.buffer = this.#buffer;
    this.#node.connect(this.#context.destination);
    this.#node.start(0, positionMs / 1000);
    this.#context.resume().catch(() => {});
  }

  pause() {
    this.#node?.stop();
    this.#node = null;
  }

  close() {
    this.pause();
    // Not waited for: a browser without any sound system never answers.
    this.#context.close();
  }
}
