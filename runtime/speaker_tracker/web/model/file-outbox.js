// The audio of a file, given out at the pace of speech or as fast as the server takes it.

import { FRAME_SAMPLES, SAMPLES_PER_MS } from "../net/protocol.js";

export class FileOutbox {
  #samples;
  #isPaced;
  #now;
  /** Index of the first sample that has not been given out. */
  #next = 0;
  #acknowledgedMs = 0;
  /** When time began to run, null while it stands. */
  /** @type {number | null} */
  #runningSince = null;
  #startMs = 0;

  /**
   * @param {Int16Array<ArrayBuffer>} samples at 16 kHz
   * @param {boolean} isPaced at the pace of speech
   * @param {() => number} [now] a clock in milliseconds
   */
  constructor(samples, isPaced, now = () => performance.now()) {
    this.#samples = samples;
    this.#isPaced = isPaced;
    this.#now = now;
  }

  get durationMs() {
    return this.#samples.length / SAMPLES_PER_MS;
  }

  /** Length of the audio given out. */
  get positionMs() {
    return this.#next / SAMPLES_PER_MS;
  }

  /** Whether everything has been given out. */
  get isOver() {
    return this.#next >= this.#samples.length;
  }

  /** Lets time run, from the present position. */
  run() {
    this.#runningSince = this.#now();
    this.#startMs = this.positionMs;
  }

  /** Lets time stand. */
  pause() {
    this.#runningSince = null;
  }

  /** The next frame to send, null where none is due. */
  next() {
    const end = Math.min(this.#next + FRAME_SAMPLES, this.#samples.length);
    if (this.isOver || end / SAMPLES_PER_MS > this.#dueMs) {
      return null;
    }
    const frame = this.#samples.subarray(this.#next, end);
    this.#next = end;
    return frame;
  }

  /**
   * Remembers what need not be sent again.
   *
   * @param {number} ms up to where the server has processed the audio
   */
  acknowledge(ms) {
    this.#acknowledgedMs = Math.max(this.#acknowledgedMs, Math.floor(ms));
  }

  /** Starts again behind what was acknowledged, once time runs; returns its time. */
  rewind() {
    this.#next = Math.min(this.#acknowledgedMs * SAMPLES_PER_MS, this.#samples.length);
    return this.positionMs;
  }

  /** Up to where audio may be given out now. */
  get #dueMs() {
    if (this.#runningSince === null) {
      return -Infinity;
    }
    return this.#isPaced ? this.#startMs + this.#now() - this.#runningSince : Infinity;
  }
}
