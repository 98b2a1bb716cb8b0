// The microphone as a source of a conversation.

import { LiveOutbox } from "./live-outbox.js";

export class MicrophoneSource {
  kind = "microphone";
  name = "microphone";
  outbox = new LiveOutbox();
  #microphone;
  #isRunning = false;

  /** `microphone` is open; `onLevel(peak)` hears of every frame that is taken. */
  constructor(microphone, onLevel) {
    this.#microphone = microphone;
    microphone.onFrame = (samples, peak) => {
      if (this.#isRunning) {
        onLevel(peak);
        this.outbox.push(samples);
      }
    };
  }

  /** How far the conversation has come, for a clock that `heardMs` is behind. */
  positionMs() {
    return this.outbox.positionMs;
  }

  /** There is no connection: what is said meanwhile is kept. */
  wait() {
    this.run();
  }

  run() {
    this.#isRunning = true;
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
