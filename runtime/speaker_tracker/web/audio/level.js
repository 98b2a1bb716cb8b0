// How loud it is, for the meter and in words.

const FLOOR_DB = -60;
const QUIET_DB = -45;
const LOUD = 0.99;
/** Frames of 100 ms: so long nothing at all means that the microphone is switched off. */
const DEAD_FRAMES = 50;

/** A peak within [0, 1] as a share of the meter: from -60 dB of full scale to full scale. */
export function meterShare(peak) {
  return peak <= 0 ? 0 : Math.max(0, Math.min(1, 1 - (20 * Math.log10(peak)) / FLOOR_DB));
}

/** Watches peaks of frames, and says what is worth saying about them. */
export class LevelWatch {
  #recent = [];
  #deadFrames = 0;

  /** `"dead"`, `"quiet"`, `"good"` or `"loud"`, of the last two seconds. */
  take(peak) {
    this.#deadFrames = peak === 0 ? this.#deadFrames + 1 : 0;
    this.#recent.push(peak);
    if (this.#recent.length > 20) {
      this.#recent.shift();
    }
    if (this.#deadFrames >= DEAD_FRAMES) {
      return "dead";
    }
    const loudest = Math.max(...this.#recent);
    if (loudest >= LOUD) {
      return "loud";
    }
    return 20 * Math.log10(loudest) < QUIET_DB ? "quiet" : "good";
  }
}
