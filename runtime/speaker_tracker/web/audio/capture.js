// One microphone, from when it is asked for until it is let go: it is opened once, and never again.

import { CalledOff } from "../attempt.js";
import { messageOf, Problem } from "../wording.js";

/**
 * @import { CaptureMessage } from "./capture-worklet.js"
 * @import { OnFrame } from "./frames.js"
 */

/**
 * What browsers do to voices is made for one near speaker in a call: it takes people further away for noise, the same voice from a
 * loudspeaker for echo, and levels everybody out. All of that makes voices harder to tell apart.
 */
const CONSTRAINTS = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };

/** Longest time to wait for the last frame. */
const FLUSH_MS = 1000;
/** Longest time that a sound system takes to start. */
const START_MS = 5000;

/**
 * The code of a problem for each name of an error of getUserMedia.
 *
 * @type {Record<string, string | undefined>}
 */
const PROBLEMS = {
  NotAllowedError: "microphone_denied",
  SecurityError: "microphone_denied",
  NotFoundError: "no_microphone",
  OverconstrainedError: "microphone_gone",
  NotReadableError: "microphone_busy",
  AbortError: "microphone_busy",
};

export class Capture {
  /** @type {OnFrame} */
  onFrame;
  #onLost;
  #onFlushed = () => {};

  /** Settles with `open`. */
  opened = Promise.resolve();

  /** @type {MediaStream | null} */
  #stream = null;
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {AudioWorkletNode | null} */
  #node = null;
  /**
   * Kept, as without a reference the browser may take it away.
   *
   * @type {MediaStreamAudioSourceNode | null}
   */
  #source = null;
  #isOpen = false;
  #isClosed = false;

  /**
   * @param {OnFrame} onFrame
   * @param {(problem: Problem) => void} onLost called where it was open, and was unplugged or taken away
   */
  constructor(onFrame, onLost) {
    this.onFrame = onFrame;
    this.#onLost = onLost;
  }

  /**
   * Opens the device. Throws `Problem`, or `CalledOff` where it is closed meanwhile: to open takes as long as the user thinks about
   * permission.
   *
   * @param {string} deviceId empty for the system's choice
   */
  open(deviceId) {
    this.opened = this.#open(deviceId);
    return this.opened;
  }

  /** @param {string} deviceId */
  async #open(deviceId) {
    try {
      const stream = await requestStream(deviceId);
      this.#take(stream);
      await this.#connect(stream);
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
    return this.#isOpen && this.#stream !== null && trackOf(this.#stream).readyState === "live";
  }

  /** Whether the device gives sound; while it does not, frames are silent. */
  set enabled(/** @type {boolean} */ enabled) {
    if (this.#isOpen && this.#stream !== null) {
      trackOf(this.#stream).enabled = enabled;
      if (enabled) {
        this.#context?.resume().catch(() => {});
      }
    }
  }

  /** Gives the last frame, and lets the device go. */
  async finish() {
    if (this.#isOpen) {
      await /** @type {Promise<void>} */ (
        new Promise((resolve) => {
          this.#onFlushed = resolve;
          this.#node?.port.postMessage("flush");
          setTimeout(resolve, FLUSH_MS);
        })
      );
    }
    this.close();
  }

  /** Lets the device go. */
  close() {
    const [stream, context, node] = [this.#stream, this.#context, this.#node];
    this.#isClosed = true;
    this.#isOpen = false;
    this.#stream = this.#context = this.#node = this.#source = null;
    if (node !== null) {
      // Frames may be on their way.
      node.port.onmessage = null;
    }
    if (stream !== null) {
      stop(stream);
    }
    if (context !== null) {
      context.onstatechange = null;
      // Not waited for: a browser without any sound system never answers.
      context.close();
    }
  }

  /** @param {MediaStream} stream */
  #take(stream) {
    if (this.#isClosed) {
      stop(stream);
      throw new CalledOff();
    }
    this.#stream = stream;
    trackOf(stream).onended = () => this.#lose(new Problem("microphone_gone"));
  }

  /** @param {MediaStream} stream */
  async #connect(stream) {
    const context = new AudioContext();
    this.#context = context;
    await context.audioWorklet.addModule(new URL("capture-worklet.js", import.meta.url));
    this.#check(stream);
    const node = new AudioWorkletNode(context, "capture");
    node.port.onmessage = ({ data }) => this.#receive(data);
    this.#node = node;
    this.#source = context.createMediaStreamSource(stream);
    this.#source.connect(node);
    // It is silent, and some browsers run only what leads there.
    node.connect(context.destination);
    context.onstatechange = () => isInterrupted(context) && this.#lose(new Problem("microphone_interrupted"));
    await started(context);
    this.#check(stream);
    this.#isOpen = true;
  }

  /** @param {CaptureMessage} message */
  #receive(message) {
    if ("flushed" in message) {
      this.#onFlushed();
    } else {
      this.onFrame(message.samples, message.peak);
    }
  }

  /**
   * Throws where it was closed or unplugged while it was being opened.
   *
   * @param {MediaStream} stream
   */
  #check(stream) {
    if (this.#isClosed) {
      throw new CalledOff();
    }
    if (trackOf(stream).readyState !== "live") {
      throw new Problem("microphone_gone");
    }
  }

  /** @param {Problem} problem */
  #lose(problem) {
    if (this.#isOpen) {
      this.#onLost(problem);
    }
  }
}

/** @param {MediaStream} stream */
function trackOf(stream) {
  return stream.getAudioTracks()[0];
}

/**
 * Whether the system has taken the sound away, as Safari tells it.
 *
 * @param {AudioContext} context
 */
function isInterrupted(context) {
  return /** @type {string} */ (context.state) === "interrupted";
}

/**
 * Waits until the sound system runs. Browsers wait for ever where there is nothing to play sound on, or where they do not allow it.
 *
 * @param {AudioContext} context
 */
async function started(context) {
  const late = new Promise((resolve) => {
    setTimeout(resolve, START_MS);
  });
  await Promise.race([context.resume(), late]);
  if (context.state !== "running") {
    throw new Problem("audio_stuck");
  }
}

/** @param {string} deviceId */
async function requestStream(deviceId) {
  const device = deviceId === "" ? {} : { deviceId: { exact: deviceId } };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: { ...CONSTRAINTS, ...device } });
  } catch (error) {
    throw new Problem(PROBLEMS[nameOf(error)] ?? "microphone_unsupported", messageOf(error));
  }
}

/** @param {MediaStream} stream */
function stop(stream) {
  for (const track of stream.getTracks()) {
    track.onended = null;
    track.stop();
  }
}

/** @param {unknown} error */
function asProblem(error) {
  if (error instanceof Problem) {
    return error;
  }
  // The one part that is loaded only now is the worklet.
  return new Problem(nameOf(error) === "AbortError" ? "unreachable" : "microphone_unsupported", messageOf(error));
}

/** @param {unknown} error */
function nameOf(error) {
  return error instanceof Error ? error.name : "";
}
