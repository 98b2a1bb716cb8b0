// Runs in the thread of the audio system: takes what the microphone gives and posts frames that a server understands.

import { FrameMaker } from "./frames.js";

/** @typedef {{samples: Int16Array<ArrayBuffer>, peak: number} | {flushed: true}} CaptureMessage */

class Capture extends AudioWorkletProcessor {
  #ended = false;
  #frames = new FrameMaker(sampleRate, (samples, peak) => this.#post({ samples, peak }, [samples.buffer]));

  constructor() {
    super();
    this.port.onmessage = () => {
      this.#ended = true;
      this.#frames.flush();
      this.#post({ flushed: true });
    };
  }

  /**
   * Takes a block of the first input in; false ends the node.
   *
   * @param {Float32Array[][]} inputs
   */
  process([input]) {
    if (input.length > 0 && !this.#ended) {
      this.#frames.push(input);
    }
    return !this.#ended;
  }

  /**
   * @param {CaptureMessage} message
   * @param {Transferable[]} [transferred]
   */
  #post(message, transferred = []) {
    this.port.postMessage(message, transferred);
  }
}

registerProcessor("capture", Capture);
