// The audio of a file, given out at the pace of speech or as fast as the server takes it.

import { FRAME_SAMPLES, SAMPLES_PER_MS } from "../net/protocol.js";

/** An `Outbox`. */
export class FileOutbox {
  #samples;
  #isPaced;
  #now;
  /** Index of the sample that is given out next. */
  #next = 0;
  /** Index of the first sample that has never been given out to the present session. */
  #reached = 0;
  #labelledMs = 0;
  #isClosed = false;
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

  /** Length of the audio given out, whether some of it is given out again or not. */
  get positionMs() {
    return this.#reached / SAMPLES_PER_MS;
  }

  /** Whether everything has been given out that is to be. */
  get isOver() {
    return this.#next >= this.#end;
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

  /** The rest is not wanted: a file that was stopped is not heard to its end. */
  close() {
    this.#isClosed = true;
  }

  /** The next frame to send, null where none is due. */
  next() {
    const end = Math.min(this.#next + FRAME_SAMPLES, this.#end);
    if (this.isOver || end / SAMPLES_PER_MS > this.#dueMs) {
      return null;
    }
    const frame = this.#samples.subarray(this.#next, end);
    this.#next = end;
    this.#reached = Math.max(this.#reached, end);
    return frame;
  }

  /**
   * Remembers what another session need not hear.
   *
   * @param {number} ms up to where the server has processed the audio
   */
  label(ms) {
    this.#labelledMs = Math.max(this.#labelledMs, Math.floor(ms));
  }

  acknowledge() {
    // The file is in memory as a whole, whatever the server needs of it.
  }

  /** Starts again behind what was labelled, once time runs; returns its time. */
  rewind() {
    this.#next = this.#reached = Math.min(this.#labelledMs * SAMPLES_PER_MS, this.#samples.length);
    return this.positionMs;
  }

  /**
   * Gives out again, at once, what had been given out from a time on.
   *
   * @param {number} ms
   */
  rewindTo(ms) {
    this.#next = Math.min(Math.round(ms * SAMPLES_PER_MS), this.#reached);
    return ms;
  }

  /** Index behind the last sample that is to be given out. */
  get #end() {
    return this.#isClosed ? this.#reached : this.#samples.length;
  }

  /** Up to where audio may be given out now. */
  get #dueMs() {
    if (this.#runningSince === null) {
      return this.positionMs;
    }
    return this.#isPaced ? this.#startMs + this.#now() - this.#runningSince : Infinity;
  }
}
