// A sound file as a source of a conversation.

import { Playback } from "../audio/playback.js";
import { FileOutbox } from "./file-outbox.js";

export class FileSource {
  kind = "file";
  outbox;
  #isPaced;
  #playback;

  /** `samples`: Int16Array at 16 kHz. `isPaced`: at the pace of speech, and to be heard. */
  constructor(name, samples, isPaced) {
    this.name = name;
    this.outbox = new FileOutbox(samples, isPaced);
    this.#isPaced = isPaced;
    this.#playback = isPaced ? new Playback(samples) : null;
  }

  get durationMs() {
    return this.outbox.durationMs;
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
