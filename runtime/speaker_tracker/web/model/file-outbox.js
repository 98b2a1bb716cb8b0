// The sound of a file, given out at the pace of speech or as fast as the server takes it.

import { FRAME_SAMPLES, SAMPLES_PER_MS } from "../net/protocol.js";

export class FileOutbox {
  #samples;
  #isPaced;
  #now;
  #next = 0;
  #acknowledgedMs = 0;
  #begunAt = null;
  #begunMs = 0;

  /** `samples`: Int16Array at 16 kHz. `now`: a clock in milliseconds. */
  constructor(samples, isPaced, now = () => performance.now()) {
    this.#samples = samples;
    this.#isPaced = isPaced;
    this.#now = now;
  }

  get durationMs() {
    return this.#samples.length / SAMPLES_PER_MS;
  }

  /** How much has been given out. */
  get positionMs() {
    return this.#next / SAMPLES_PER_MS;
  }

  get isOver() {
    return this.#next >= this.#samples.length;
  }

  /** Lets time run, from where it is. */
  run() {
    this.#begunAt = this.#now();
    this.#begunMs = this.positionMs;
  }

  /** Lets time stand. */
  pause() {
    this.#begunAt = null;
  }

  /** The next frame, null where none is due. */
  next() {
    const end = Math.min(this.#next + FRAME_SAMPLES, this.#samples.length);
    if (this.isOver || this.#begunAt === null || end / SAMPLES_PER_MS > this.#dueMs) {
      return null;
    }
    const frame = this.#samples.subarray(this.#next, end);
    this.#next = end;
    return frame;
  }

  /** The server needs nothing before this time any more. */
  acknowledge(ms) {
    this.#acknowledgedMs = Math.max(this.#acknowledgedMs, Math.floor(ms));
  }

  /** Begins again with what was not acknowledged, once time runs; returns its time. */
  rewind() {
    this.#next = Math.min(this.#acknowledgedMs * SAMPLES_PER_MS, this.#samples.length);
    return this.positionMs;
  }

  get #dueMs() {
    return this.#isPaced ? this.#begunMs + this.#now() - this.#begunAt : Infinity;
  }
}
