// The microphone: permission, choice of device, and its sound in frames. It can be opened again, such as after it was unplugged.

import { Problem } from "../wording.js";
import { Capture } from "./capture.js";

export class Microphone {
  /** `onFrame(samples, peak)`: as of `FrameMaker`. */
  onFrame = () => {};
  /** `onLost(problem)`: it was unplugged, or the system took it away. */
  onLost = () => {};

  #capture = null;

  /**
   * Opens the device of this id, or the system's choice where it is empty, in the place of what was open or being opened. Throws
   * `Problem`, or `CalledOff` where it is closed or opened again meanwhile.
   */
  async open(deviceId = "") {
    this.close();
    if (!window.isSecureContext || !navigator.mediaDevices?.getUserMedia) {
      throw new Problem(window.isSecureContext ? "microphone_unsupported" : "insecure_origin");
    }
    const capture = new Capture(
      (samples, peak) => this.onFrame(samples, peak),
      (problem) => this.onLost(problem),
    );
    this.#capture = capture;
    try {
      await capture.open(deviceId);
    } catch (error) {
      this.#capture = this.#capture === capture ? null : this.#capture;
      throw error;
    }
  }

  /** Whether it is open or being opened. */
  get isWanted() {
    return this.#capture !== null;
  }

  /** Waits for one that is being opened, whatever comes of it. */
  async settled() {
    await this.#capture?.opened.catch(() => {});
  }

  /** Whether it can give sound: it is open, and nobody has unplugged it. */
  get isAlive() {
    return this.#capture?.isAlive ?? false;
  }

  /** Whether the device gives sound; while it does not, frames are silent. */
  set enabled(enabled) {
    if (this.#capture !== null) {
      this.#capture.enabled = enabled;
    }
  }

  /** Gives the last frame to whom frames are given now, and lets the device go. It may be opened again at once. */
  async finish() {
    const capture = this.#capture;
    if (capture !== null) {
      this.#capture = null;
      capture.onFrame = this.onFrame;
      await capture.finish();
    }
  }

  /** Lets the device go. */
  close() {
    this.#capture?.close();
    this.#capture = null;
  }
}

/** The devices that can be named: none before the user has allowed the page to use one. */
export async function listMicrophones() {
  const devices = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
  return devices.filter((device) => device.kind === "audioinput" && device.deviceId !== "" && device.label !== "");
}
