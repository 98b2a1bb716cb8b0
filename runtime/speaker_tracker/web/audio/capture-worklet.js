// Runs in the thread of the audio system: takes what the microphone gives and posts frames that a server understands.

import { FrameMaker } from "./frames.js";

class Capture extends AudioWorkletProcessor {
  #ended = false;
  #frames = new FrameMaker(sampleRate, (samples, peak) => this.port.postMessage({ samples, peak }, [samples.buffer]));

  constructor() {
    super();
    this.port.onmessage = () => {
      this.#ended = true;
      this.#frames.flush();
      this.port.postMessage({ flushed: true });
    };
  }

  process([input]) {
    if (input.length > 0 && !this.#ended) {
      this.#frames.push(input);
    }
    return !this.#ended;
  }
}

registerProcessor("capture", Capture);
