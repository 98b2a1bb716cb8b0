// Audio and pauses of a microphone, kept until the server has them for good: what a lost connection has not acknowledged is sent
// again.

import { MAX_GAP_MS, SAMPLES_PER_MS } from "../net/protocol.js";

/** @import { Gap } from "./source.js" */

/** @typedef {{startMs: number, endMs: number, content: Int16Array<ArrayBuffer> | Gap}} Frame */

/** Most audio kept: two minutes for a server that is away, and what it had labelled and not acknowledged before. */
export const MAX_KEPT_MS = 150_000;

/** An `Outbox`. */
export class LiveOutbox {
  /** @type {Frame[]} */
  #frames = [];
  /** How many of the frames kept have been given out. */
  #sent = 0;
  /** Up to where the present session has been given audio and gaps. */
  #toldMs = 0;
  #labelledMs = 0;
  #samples = 0;
  #gapMs = 0;
  /** Audio kept, without gaps. */
  #keptMs = 0;
  #isClosed = false;

  /**
   * Takes a frame in. With too many kept, the oldest are forgotten; a session that misses them is told of a gap in their place.
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

  /** Whether no more comes, and everything has been given out. */
  get isOver() {
    return this.#isClosed && this.#sent === this.#frames.length;
  }

  /** The next frame or gap to send, null where there is none yet. */
  next() {
    while (this.#sent < this.#frames.length) {
      const { startMs, endMs, content } = this.#frames[this.#sent];
      if (startMs > this.#toldMs) {
        return this.#gap(startMs - this.#toldMs);
      }
      this.#sent++;
      if (content instanceof Int16Array) {
        const rest = content.subarray(Math.round((this.#toldMs - startMs) * SAMPLES_PER_MS));
        if (rest.length > 0) {
          this.#toldMs = endMs;
          return rest;
        }
      } else if (endMs > this.#toldMs) {
        return this.#gap(endMs - this.#toldMs);
      }
    }
    return null;
  }

  /**
   * Remembers what another session need not hear.
   *
   * @param {number} ms up to where the server has processed the audio
   */
  label(ms) {
    this.#labelledMs = Math.max(this.#labelledMs, Math.min(ms, this.#toldMs));
  }

  /**
   * Drops frames that need never be sent again.
   *
   * @param {number} ms up to where the server has them for good
   */
  acknowledge(ms) {
    while (this.#sent > 0 && this.#frames[0].endMs <= ms) {
      this.#drop();
    }
  }

  /** Starts again at the first frame that is kept and not labelled; returns its time. */
  rewind() {
    while (this.#frames.length > 0 && this.#frames[0].endMs <= this.#labelledMs) {
      this.#drop();
    }
    this.#sent = 0;
    this.#toldMs = this.#frames[0]?.startMs ?? this.positionMs;
    return this.#toldMs;
  }

  /**
   * Gives out again what came from a time on; where it is not kept any more, a gap.
   *
   * @param {number} ms
   * @returns {number} from when on it is kept
   */
  rewindTo(ms) {
    const index = this.#frames.findIndex(({ endMs }) => endMs > ms);
    this.#sent = index === -1 ? this.#frames.length : index;
    this.#toldMs = ms;
    return Math.max(ms, this.#frames[this.#sent]?.startMs ?? this.positionMs);
  }

  /**
   * A gap in whole milliseconds; what is too much of it is taken from what follows.
   *
   * @param {number} ms
   */
  #gap(ms) {
    const gapMs = Math.min(Math.ceil(ms), MAX_GAP_MS);
    this.#toldMs += gapMs;
    return { gapMs };
  }

  #drop() {
    const frame = this.#frames.shift();
    if (frame?.content instanceof Int16Array) {
      this.#keptMs -= frame.endMs - frame.startMs;
    }
    this.#sent = Math.max(0, this.#sent - 1);
  }
}
