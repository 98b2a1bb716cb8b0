// The microphone: permission, choice of device, and its sound in frames. It can be opened again, such as after it was unplugged.

import { Problem } from "../wording.js";
import { Capture } from "./capture.js";

/** @import { OnFrame } from "./frames.js" */

export class Microphone {
  /** @type {OnFrame} */
  onFrame = () => {};
  /**
   * Called where it was unplugged, or the system took it away.
   *
   * @type {(problem: Problem) => void}
   */
  onLost = () => {};

  /** @type {Capture | null} */
  #capture = null;

  /**
   * Opens a device in the place of what was open or being opened. Throws `Problem`, or `CalledOff` where it is closed or opened
   * again meanwhile.
   *
   * @param {string} [deviceId] empty for the system's choice
   */
  async open(deviceId = "") {
    this.close();
    if (!window.isSecureContext || !hasDevices()) {
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
  set enabled(/** @type {boolean} */ enabled) {
    if (this.#capture !== null) {
      this.#capture.enabled = enabled;
    }
  }

  /** Gives the last frame to the present `onFrame`, and lets the device go. It may be opened again at once. */
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
  const devices = hasDevices() ? await navigator.mediaDevices.enumerateDevices() : [];
  return devices.filter((device) => device.kind === "audioinput" && device.deviceId !== "" && device.label !== "");
}

/** Whether this page may ask for microphones at all: browsers hide them from pages without https, and old ones have none. */
function hasDevices() {
  /** @type {Partial<MediaDevices> | undefined} */
  const devices = navigator.mediaDevices;
  return devices?.getUserMedia !== undefined && devices.enumerateDevices !== undefined;
}
