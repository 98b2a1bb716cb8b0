// Audio from a microphone, kept until the server has processed it: what a lost connection has not acknowledged is sent again.

import { SAMPLES_PER_MS } from "../net/protocol.js";

/** @typedef {{startMs: number, endMs: number, samples: Int16Array<ArrayBuffer>}} Frame */

/** Most audio kept for a server that is away. */
export const MAX_KEPT_MS = 120_000;

export class LiveOutbox {
  /** @type {Frame[]} */
  #frames = [];
  /** How many of the frames kept have been sent. */
  #sent = 0;
  #samples = 0;
  #isClosed = false;

  /**
   * Takes a frame in.
   *
   * @param {Int16Array<ArrayBuffer>} samples at 16 kHz
   */
  push(samples) {
    const startMs = this.positionMs;
    this.#samples += samples.length;
    this.#frames.push({ startMs, endMs: this.positionMs, samples });
    while (this.positionMs - this.#frames[0].startMs > MAX_KEPT_MS) {
      this.#drop();
    }
  }

  /** No more frames come. */
  close() {
    this.#isClosed = true;
  }

  /** Length of the audio taken in. */
  get positionMs() {
    return this.#samples / SAMPLES_PER_MS;
  }

  /** Whether no more comes, and everything has been sent. */
  get isOver() {
    return this.#isClosed && this.#sent === this.#frames.length;
  }

  /** The next frame to send, null where there is none yet. */
  next() {
    return this.#sent === this.#frames.length ? null : this.#frames[this.#sent++].samples;
  }

  /**
   * Drops frames that need not be sent again.
   *
   * @param {number} ms up to where the server has processed the audio
   */
  acknowledge(ms) {
    while (this.#sent > 0 && this.#frames[0].endMs <= ms) {
      this.#drop();
    }
  }

  /** Starts again at the first frame that is kept; returns its time. */
  rewind() {
    this.#sent = 0;
    return this.#frames[0]?.startMs ?? this.positionMs;
  }

  #drop() {
    this.#frames.shift();
    this.#sent = Math.max(0, this.#sent - 1);
  }
}
