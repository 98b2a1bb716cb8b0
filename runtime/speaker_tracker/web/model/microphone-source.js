// The microphone as a source of a conversation.

import { LiveOutbox } from "./live-outbox.js";

/** Some five seconds. */
const MAX_EMPTY_TICKS = 100;

export class MicrophoneSource {
  kind = "microphone";
  name = "microphone";
  outbox = new LiveOutbox();
  #microphone;
  #isRunning = false;
  #emptyTicks = 0;

  /** `microphone` is open; `onLevel(peak)` hears of every frame that is taken. */
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

  /** How far the conversation has come, for a clock that `heardMs` is behind. */
  positionMs() {
    return this.outbox.positionMs;
  }

  /**
   * Whether it gives nothing, not even silence, though it should. To be called with each tick: a device that sleeps has neither ticks
   * nor sound.
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

  /** No more is wanted: what is left goes to the outbox, and the device is let go. */
  async finish() {
    await this.#microphone.finish();
    this.#isRunning = false;
    this.outbox.close();
  }
}
