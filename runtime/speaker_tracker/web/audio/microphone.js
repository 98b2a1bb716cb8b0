// The microphone: permission, choice of device, and its sound in frames.

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

export class Microphone {
  /** `onFrame(samples, peak)`: as of `FrameMaker`. */
  onFrame = () => {};
  /** `onLost(problem)`: it was unplugged, or the system took it away. */
  onLost = () => {};

  #stream = null;
  #context = null;
  #node = null;
  #source = null;

  /** Opens the device of this id, or the system's choice where it is empty. Throws `Problem`. */
  async open(deviceId = "") {
    if (!window.isSecureContext || !navigator.mediaDevices?.getUserMedia) {
      throw new Problem(window.isSecureContext ? "microphone_unsupported" : "insecure_origin");
    }
    this.#stream = await requestStream(deviceId);
    try {
      await this.#connect();
    } catch (error) {
      this.close();
      if (error instanceof Problem) {
        throw error;
      }
      // The one part that is loaded only now is the worklet.
      throw new Problem(error.name === "AbortError" ? "unreachable" : "microphone_unsupported", error.message);
    }
  }

  get isOpen() {
    return this.#stream !== null;
  }

  /** Whether it can give sound: it is open, and nobody has unplugged it. */
  get isAlive() {
    return this.#stream?.getAudioTracks()[0]?.readyState === "live";
  }

  /** Whether the device gives sound; while it does not, frames are silent. */
  set enabled(enabled) {
    for (const track of this.#stream?.getAudioTracks() ?? []) {
      track.enabled = enabled;
    }
    if (enabled) {
      this.#context?.resume();
    }
  }

  /** Gives the last frame, and lets the device go. */
  async finish() {
    const node = this.#node;
    if (node !== null) {
      await new Promise((resolve) => {
        this.#whenFlushed = resolve;
        node.port.postMessage("flush");
        setTimeout(resolve, FLUSH_MS);
      });
    }
    this.close();
  }

  /** Lets the device go. */
  close() {
    const [stream, context] = [this.#stream, this.#context];
    this.#stream = this.#context = this.#node = this.#source = null;
    for (const track of stream?.getTracks() ?? []) {
      track.onended = null;
      track.stop();
    }
    if (context !== null) {
      context.onstatechange = null;
      // Not waited for: a browser without any sound system never answers.
      context.close();
    }
  }

  #whenFlushed = () => {};

  async #connect() {
    this.#context = new AudioContext();
    await this.#context.audioWorklet.addModule(new URL("capture-worklet.js", import.meta.url));
    this.#node = new AudioWorkletNode(this.#context, "capture");
    this.#node.port.onmessage = ({ data }) => (data.flushed ? this.#whenFlushed() : this.onFrame(data.samples, data.peak));
    this.#source = this.#context.createMediaStreamSource(this.#stream);
    this.#source.connect(this.#node);
    // It is silent, and some browsers run only what leads there.
    this.#node.connect(this.#context.destination);
    this.#stream.getAudioTracks()[0].onended = () => this.onLost(new Problem("microphone_gone"));
    this.#context.onstatechange = () => {
      if (this.#context?.state === "interrupted") {
        this.onLost(new Problem("microphone_interrupted"));
      }
    };
    await begun(this.#context);
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

/** The devices that can be named: none before the user has allowed the page to use one. */
export async function listMicrophones() {
  const devices = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
  return devices.filter((device) => device.kind === "audioinput" && device.deviceId !== "" && device.label !== "");
}

async function requestStream(deviceId) {
  const device = deviceId === "" ? {} : { deviceId: { exact: deviceId } };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: { ...CONSTRAINTS, ...device } });
  } catch (error) {
    throw new Problem(PROBLEMS[error.name] ?? "microphone_unsupported", error.message);
  }
}
