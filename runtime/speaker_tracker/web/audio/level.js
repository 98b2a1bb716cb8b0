// How loud the microphone is, for the meter and in words.

/** @typedef {"dead" | "quiet" | "good" | "loud"} Quality */

const FLOOR_DB = -60;
const QUIET_DB = -45;
/** Peak from which on samples may be clipped. */
const LOUD = 0.99;
/** Frames of 100 ms without any signal after which the microphone counts as switched off. */
const DEAD_FRAMES = 50;
/** Frames of 100 ms that a quality is told of. */
const RECENT_FRAMES = 20;

/**
 * A peak as a share of the meter, from -60 dB of full scale to full scale.
 *
 * @param {number} peak within [0, 1]
 */
export function meterShare(peak) {
  return peak <= 0 ? 0 : Math.max(0, Math.min(1, 1 - decibels(peak) / FLOOR_DB));
}

/** Follows the peaks of frames. */
export class LevelWatch {
  /** @type {number[]} */
  #recent = [];
  #deadFrames = 0;

  /**
   * Takes a peak in, and tells the quality of the last two seconds.
   *
   * @param {number} peak within [0, 1]
   * @returns {Quality}
   */
  take(peak) {
    this.#deadFrames = peak === 0 ? this.#deadFrames + 1 : 0;
    this.#recent.push(peak);
    if (this.#recent.length > RECENT_FRAMES) {
      this.#recent.shift();
    }
    if (this.#deadFrames >= DEAD_FRAMES) {
      return "dead";
    }
    const loudest = Math.max(...this.#recent);
    if (loudest >= LOUD) {
      return "loud";
    }
    return decibels(loudest) < QUIET_DB ? "quiet" : "good";
  }
}

/**
 * Decibels of full scale.
 *
 * @param {number} peak
 */
function decibels(peak) {
  return 20 * Math.log10(peak);
}
