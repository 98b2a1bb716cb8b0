// Makes frames of 16 kHz, 16-bit, mono out of whatever blocks of samples come.

import { FRAME_SAMPLES, SAMPLE_RATE } from "../net/protocol.js";
import { Resampler } from "./resampler.js";

export class FrameMaker {
  #resampler;
  #onFrame;
  #mono = new Float32Array(0);
  #resampled = new Float32Array(0);
  #frame = new Int16Array(FRAME_SAMPLES);
  #filled = 0;
  #peak = 0;

  /** `onFrame(samples, peak)` is given each full frame, to keep, and its peak within [0, 1]. */
  constructor(rate, onFrame) {
    this.#resampler = new Resampler(Math.round(rate), SAMPLE_RATE);
    this.#onFrame = onFrame;
  }

  /** Takes a block in, one Float32Array for each channel. */
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

  #put(sample) {
    this.#peak = Math.max(this.#peak, Math.abs(sample));
    this.#frame[this.#filled++] = toInt16(sample);
    if (this.#filled === FRAME_SAMPLES) {
      this.#emit(this.#frame);
      this.#frame = new Int16Array(FRAME_SAMPLES);
    }
  }

  #emit(frame) {
    this.#onFrame(frame, Math.min(this.#peak, 1));
    this.#filled = 0;
    this.#peak = 0;
  }

  #mixed(channels) {
    if (channels.length === 1) {
      return channels[0];
    }
    if (this.#mono.length !== channels[0].length) {
      this.#mono = new Float32Array(channels[0].length);
    }
    mixDown(channels, this.#mono);
    return this.#mono;
  }
}

/** The mean of all channels, into `mono`. */
export function mixDown(channels, mono) {
  mono.fill(0);
  for (const channel of channels) {
    for (let index = 0; index < mono.length; index++) {
      mono[index] += channel[index] / channels.length;
    }
  }
}

/** A sample within [-1, 1] as a 16-bit number; what lies beyond is clipped. What was 16 bits before comes out as it was. */
export function toInt16(sample) {
  return Math.max(-32768, Math.min(32767, Math.round(sample * 32768)));
}
