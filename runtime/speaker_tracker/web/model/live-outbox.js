// Audio and pauses of a microphone, kept until the server has processed them: what a lost connection has not acknowledged is sent
// again.

import { MAX_GAP_MS, SAMPLES_PER_MS } from "../net/protocol.js";

/** @import { Gap } from "./source.js" */

/** @typedef {{startMs: number, endMs: number, content: Int16Array<ArrayBuffer> | Gap}} Frame */

/** Most audio kept for a server that is away. */
export const MAX_KEPT_MS = 120_000;

export class LiveOutbox {
  /** @type {Frame[]} */
  #frames = [];
  /** How many of the frames kept have been sent. */
  #sent = 0;
  #samples = 0;
  #gapMs = 0;
  /** Audio kept, without gaps. */
  #keptMs = 0;
  #isClosed = false;

  /**
   * Takes a frame in.
   *
   * @param {Int16Array<ArrayBuffer>} samples at 16 kHz
   */
  push(samples) {
    const startMs = this.positionMs;
    this.#samples += samples.length;
    this.#keptMs += samples.length / SAMPLES_PER_MS;
    this.#frames.push({ startMs, endMs: this.positionMs, content: samples });
    while (this.#keptMs > MAX_KEPT_MS) {
      this.#drop();
    }
  }

  /**
   * Takes in that there was no audio for a while.
   *
   * @param {number} ms
   */
  pushGap(ms) {
    for (let rest = Math.round(ms); rest > 0; rest -= MAX_GAP_MS) {
      const startMs = this.positionMs;
      const gapMs = Math.min(rest, MAX_GAP_MS);
      this.#gapMs += gapMs;
      this.#frames.push({ startMs, endMs: this.positionMs, content: { gapMs } });
    }
  }

  /** No more frames come. */
  close() {
    this.#isClosed = true;
  }

  /** Length of the audio and gaps taken in. */
  get positionMs() {
    return this.#samples / SAMPLES_PER_MS + this.#gapMs;
  }

  /** Whether no more comes, and everything has been sent. */
  get isOver() {
    return this.#isClosed && this.#sent === this.#frames.length;
  }

  /** The next frame or gap to send, null where there is none yet. */
  next() {
    return this.#sent === this.#frames.length ? null : this.#frames[this.#sent++].content;
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
    const frame = this.#frames.shift();
    if (frame?.content instanceof Int16Array) {
      this.#keptMs -= frame.endMs - frame.startMs;
    }
    this.#sent = Math.max(0, this.#sent - 1);
  }
}
