// Audio that comes as it is spoken, until the server has worked on it: what a lost connection has not answered is sent again.

import { SAMPLES_PER_MS } from "../net/protocol.js";

/** How much is kept for a server that is away. */
export const MAX_KEPT_MS = 120_000;

export class LiveOutbox {
  #frames = [];
  #sent = 0;
  #samples = 0;
  #over = false;

  /** Takes a frame in, Int16Array. */
  push(samples) {
    const startMs = this.positionMs;
    this.#samples += samples.length;
    this.#frames.push({ startMs, endMs: this.positionMs, samples });
    while (this.positionMs - this.#frames[0].startMs > MAX_KEPT_MS) {
      this.#drop();
    }
  }

  /** No more comes. */
  close() {
    this.#over = true;
  }

  /** How much has come in. */
  get positionMs() {
    return this.#samples / SAMPLES_PER_MS;
  }

  /** Whether all there is has been sent. */
  get isOver() {
    return this.#over && this.#sent === this.#frames.length;
  }

  /** The next frame to send, null where there is none yet. */
  next() {
    return this.#sent === this.#frames.length ? null : this.#frames[this.#sent++].samples;
  }

  /** The server needs nothing before this time any more. */
  acknowledge(ms) {
    while (this.#sent > 0 && this.#frames[0].endMs <= ms) {
      this.#drop();
    }
  }

  /** Begins again with what was not acknowledged; returns its time. */
  rewind() {
    this.#sent = 0;
    return this.#frames[0]?.startMs ?? this.positionMs;
  }

  #drop() {
    this.#frames.shift();
    this.#sent = Math.max(0, this.#sent - 1);
  }
}
