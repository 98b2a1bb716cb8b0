// A sound file as a source of a conversation.

import { FileOutbox } from "./file-outbox.js";

export class FileSource {
  kind = "file";
  outbox;
  #isPaced;
  #playback;

  /** `samples`: Int16Array at 16 kHz. `isPaced`: at the pace of speech. `playback`: to be heard by, null where it is not to be heard. */
  constructor(name, samples, isPaced, playback) {
    this.name = name;
    this.outbox = new FileOutbox(samples, isPaced);
    this.#isPaced = isPaced;
    this.#playback = playback;
    playback?.load(samples);
  }

  get durationMs() {
    return this.outbox.durationMs;
  }

  isStuckAtTick() {
    return false;
  }

  positionMs(heardMs) {
    return this.#isPaced ? this.outbox.positionMs : heardMs;
  }

  /** There is no connection: time stands. */
  wait() {
    this.pause();
  }

  run() {
    this.outbox.run();
    this.#playback?.play(this.outbox.positionMs);
  }

  pause() {
    this.outbox.pause();
    this.#playback?.pause();
  }

  async finish() {
    this.pause();
    this.#playback?.close();
    this.#playback = null;
  }
}
