// One microphone, from when it is asked for until it is let go: it is opened once, and never again.

import { CalledOff } from "../attempt.js";
import { Problem } from "../wording.js";

/**
 * What browsers do to voices is made for one near speaker in a call: it takes people further away for noise, the same voice from a
 * loudspeaker for echo, and levels everybody out. All of that makes voices harder to tell apart.
 */
const CONSTRAINTS = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };

const FLUSH_MS = 1000;
const BEGIN_MS = 5000;

/** The code of a problem for each name of an error of getUserMedia. */
const PROBLEMS = {
  NotAllowedError: "microphone_denied",
  SecurityError: "microphone_denied",
  NotFoundError: "no_microphone",
  OverconstrainedError: "microphone_gone",
  NotReadableError: "microphone_busy",
  AbortError: "microphone_busy",
};

export class Capture {
  /** `onFrame(samples, peak)`: as of `FrameMaker`. */
  onFrame;
  #onLost;
  #onFlushed = () => {};

  /** Settles with `open`. */
  opened = Promise.resolve();

  #stream = null;
  #context = null;
  #node = null;
  /** Without a reference the browser may take it away. */
  #source = null;
  #isOpen = false;
  #isClosed = false;

  /** `onLost(problem)` is called where it was open, and was unplugged or taken away. */
  constructor(onFrame, onLost) {
    this.onFrame = onFrame;
    this.#onLost = onLost;
  }

  /** Throws `Problem`, or `CalledOff` where it is closed meanwhile: to open takes as long as the user thinks about permission. */
  open(deviceId) {
    this.opened = this.#open(deviceId);
    return this.opened;
  }

  async #open(deviceId) {
    try {
      this.#take(await requestStream(deviceId));
      await this.#connect();
    } catch (error) {
      throw this.#isClosed ? new CalledOff() : asProblem(error);
    } finally {
      if (!this.#isOpen) {
        this.close();
      }
    }
  }

  /** Whether it can give sound: it is open, and nobody has unplugged it. */
  get isAlive() {
    return this.#isOpen && this.#track.readyState === "live";
  }

  set enabled(enabled) {
    if (this.#isOpen) {
      this.#track.enabled = enabled;
      if (enabled) {
        this.#context.resume().catch(() => {});
      }
    }
  }

  /** Gives the last frame, and lets the device go. */
  async finish() {
    if (this.#isOpen) {
      await new Promise((resolve) => {
        this.#onFlushed = resolve;
        this.#node.port.postMessage("flush");
        setTimeout(resolve, FLUSH_MS);
      });
    }
    this.close();
  }

  close() {
    const [stream, context] = [this.#stream, this.#context];
    this.#isClosed = true;
    this.#isOpen = false;
    if (this.#node !== null) {
      // Frames may be on their way.
      this.#node.port.onmessage = null;
    }
    this.#stream = this.#context = this.#node = this.#source = null;
    if (stream !== null) {
      stop(stream);
    }
    if (context !== null) {
      context.onstatechange = null;
      // Not waited for: a browser without any sound system never answers.
      context.close();
    }
  }

  get #track() {
    return this.#stream.getAudioTracks()[0];
  }

  #take(stream) {
    if (this.#isClosed) {
      stop(stream);
      throw new CalledOff();
    }
    this.#stream = stream;
    this.#track.onended = () => this.#lose(new Problem("microphone_gone"));
  }

  async #connect() {
    const context = new AudioContext();
    this.#context = context;
    await context.audioWorklet.addModule(new URL("capture-worklet.js", import.meta.url));
    this.#check();
    this.#node = new AudioWorkletNode(context, "capture");
    this.#node.port.onmessage = ({ data }) => (data.flushed ? this.#onFlushed() : this.onFrame(data.samples, data.peak));
    this.#source = context.createMediaStreamSource(this.#stream);
    this.#source.connect(this.#node);
    // It is silent, and some browsers run only what leads there.
    this.#node.connect(context.destination);
    context.onstatechange = () => context.state === "interrupted" && this.#lose(new Problem("microphone_interrupted"));
    await begun(context);
    this.#check();
    this.#isOpen = true;
  }

  #check() {
    if (this.#isClosed) {
      throw new CalledOff();
    }
    if (this.#track.readyState !== "live") {
      throw new Problem("microphone_gone");
    }
  }

  #lose(problem) {
    if (this.#isOpen) {
      this.#onLost(problem);
    }
  }
}

/** Browsers wait for ever where there is nothing to play sound on, or where they do not allow it. */
async function begun(context) {
  const late = new Promise((resolve) => setTimeout(resolve, BEGIN_MS));
  await Promise.race([context.resume(), late]);
  if (context.state !== "running") {
    throw new Problem("audio_stuck");
  }
}

async function requestStream(deviceId) {
  const device = deviceId === "" ? {} : { deviceId: { exact: deviceId } };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: { ...CONSTRAINTS, ...device } });
  } catch (error) {
    throw new Problem(PROBLEMS[error.name] ?? "microphone_unsupported", error.message);
  }
}

function stop(stream) {
  for (const track of stream.getTracks()) {
    track.onended = null;
    track.stop();
  }
}

function asProblem(error) {
  // The one part that is loaded only now is the worklet.
  return error instanceof Problem ? error : new Problem(error.name === "AbortError" ? "unreachable" : "microphone_unsupported", error.message);
}
