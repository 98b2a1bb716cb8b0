// The microphone as a source of a conversation.

import { LiveOutbox } from "./live-outbox.js";

/** @import { Microphone } from "../audio/microphone.js" */

/** Most ticks without a frame, some five seconds. */
const MAX_EMPTY_TICKS = 100;

/** A `Source`. */
export class MicrophoneSource {
  kind = /** @type {const} */ ("microphone");
  name = "microphone";
  outbox = new LiveOutbox();
  #microphone;
  #isRunning = false;
  #emptyTicks = 0;
  #now;
  /**
   * When it was paused, by the clock on the wall, null while it is not.
   *
   * @type {number | null}
   */
  #pausedAt = null;

  /**
   * @param {Pick<Microphone, "onFrame" | "enabled" | "finish">} microphone open
   * @param {(peak: number) => void} onLevel called with the peak of every frame that is taken
   * @param {() => number} [now] a clock in milliseconds that goes on while the device sleeps
   */
  constructor(microphone, onLevel, now = () => Date.now()) {
    this.#now = now;
    this.#microphone = microphone;
    microphone.onFrame = (samples, peak) => {
      if (this.#isRunning) {
        this.#emptyTicks = 0;
        onLevel(peak);
        this.outbox.push(samples);
      }
    };
  }

  /** Length of the audio taken in, and of the pauses between. */
  positionMs() {
    return this.outbox.positionMs;
  }

  /**
   * Whether it gives nothing, not even silence, though it should. To be called with each tick: a device that sleeps has neither
   * ticks nor sound.
   */
  isStuckAtTick() {
    return this.#isRunning && ++this.#emptyTicks > MAX_EMPTY_TICKS;
  }

  /** There is no connection: what is said meanwhile is kept. */
  wait() {
    this.run();
  }

  /** Goes on; a pause before counts as time without audio. */
  run() {
    if (this.#pausedAt !== null) {
      this.outbox.pushGap(this.#now() - this.#pausedAt);
      this.#pausedAt = null;
    }
    this.#isRunning = true;
    this.#emptyTicks = 0;
    this.#microphone.enabled = true;
  }

  pause() {
    this.#pausedAt ??= this.#now();
    this.#isRunning = false;
    this.#microphone.enabled = false;
  }

  /** Moves what is left to the outbox, and lets the device go. */
  async finish() {
    await this.#microphone.finish();
    this.#isRunning = false;
    this.outbox.close();
  }
}
