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

  /**
   * @param {Pick<Microphone, "onFrame" | "enabled" | "finish">} microphone open
   * @param {(peak: number) => void} onLevel called with the peak of every frame that is taken
   */
  constructor(microphone, onLevel) {
    this.#microphone = microphone;
    microphone.onFrame = (samples, peak) => {
      if (this.#isRunning) {
        this.#emptyTicks = 0;
        onLevel(peak);
        this.outbox.push(samples);
      }
    };
  }

  /** Length of the audio taken in. */
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

  run() {
    this.#isRunning = true;
    this.#emptyTicks = 0;
    this.#microphone.enabled = true;
  }

  pause() {
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
