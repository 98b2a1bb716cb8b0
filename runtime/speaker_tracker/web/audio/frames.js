// Makes frames of 16 kHz, 16-bit, mono out of blocks of samples of any rate and length.

import { FRAME_SAMPLES, SAMPLE_RATE } from "../net/protocol.js";
import { Mixer } from "./mix.js";
import { toInt16 } from "./pcm.js";
import { Resampler } from "./resampler.js";

/**
 * @callback OnFrame
 * @param {Int16Array<ArrayBuffer>} samples of a frame, to keep
 * @param {number} peak within [0, 1]
 * @returns {void}
 */

export class FrameMaker {
  #mixer;
  #resampler;
  #onFrame;
  #mono = new Float32Array(0);
  #resampled = new Float32Array(0);
  #frame = new Int16Array(FRAME_SAMPLES);
  #filled = 0;
  #peak = 0;

  /**
   * @param {number} rate of the blocks in Hz
   * @param {OnFrame} onFrame called with each full frame
   */
  constructor(rate, onFrame) {
    this.#mixer = new Mixer(rate);
    this.#resampler = new Resampler(Math.round(rate), SAMPLE_RATE);
    this.#onFrame = onFrame;
  }

  /**
   * Takes a block in.
   *
   * @param {Float32Array[]} channels of the same length, at least one
   */
  push(channels) {
    const mono = this.#mixed(channels);
    const room = this.#resampler.room(mono.length);
    if (this.#resampled.length < room) {
      this.#resampled = new Float32Array(room);
    }
    const count = this.#resampler.process(mono, this.#resampled);
    for (let index = 0; index < count; index++) {
      this.#put(this.#resampled[index]);
    }
  }

  /** Gives the last frame, shorter than others, if there is anything left. */
  flush() {
    if (this.#filled > 0) {
      this.#emit(this.#frame.slice(0, this.#filled));
    }
  }

  /** @param {number} sample */
  #put(sample) {
    this.#peak = Math.max(this.#peak, Math.abs(sample));
    this.#frame[this.#filled++] = toInt16(sample);
    if (this.#filled === FRAME_SAMPLES) {
      this.#emit(this.#frame);
      this.#frame = new Int16Array(FRAME_SAMPLES);
    }
  }

  /** @param {Int16Array<ArrayBuffer>} frame */
  #emit(frame) {
    this.#onFrame(frame, Math.min(this.#peak, 1));
    this.#filled = 0;
    this.#peak = 0;
  }

  /** @param {Float32Array[]} channels */
  #mixed(channels) {
    if (channels.length === 1) {
      return channels[0];
    }
    if (this.#mono.length !== channels[0].length) {
      this.#mono = new Float32Array(channels[0].length);
    }
    this.#mixer.mix(channels, this.#mono);
    return this.#mono;
  }
}
