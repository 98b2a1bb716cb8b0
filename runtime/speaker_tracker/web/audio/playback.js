// Lets a file be heard while it is tracked.

import { SAMPLE_RATE } from "../net/protocol.js";

export class Playback {
  #context = new AudioContext();
  #buffer;
  #node = null;

  /** `samples`: Int16Array at 16 kHz. */
  constructor(samples) {
    this.#buffer = this.#context.createBuffer(1, Math.max(samples.length, 1), SAMPLE_RATE);
    this.#buffer.copyToChannel(Float32Array.from(samples, (sample) => sample / 32768), 0);
  }

  /** Plays from this position on. */
  play(positionMs) {
    this.pause();
    this.#node = this.#context.createBufferSource();
    this.#node.buffer = this.#buffer;
    this.#node.connect(this.#context.destination);
    this.#node.start(0, positionMs / 1000);
    this.#context.resume();
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
