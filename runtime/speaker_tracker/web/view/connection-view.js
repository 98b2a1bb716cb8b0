// How the connection is, in a few words, and what happens while it is away.

import { byId, setText } from "./dom.js";

/** @import { Tracking } from "../model/tracking.js" */

const STATES = {
  idle: "Not connected",
  connecting: "Connecting …",
  running: "Connected",
  paused: "Paused",
  reconnecting: "Connection lost",
  stopping: "Finishing …",
  done: "Finished",
  failed: "Not connected",
};

/** What is said of a session that goes on after a break, and for how long. */
const WENT_ON = "Going on";
const WENT_ON_MS = 6000;

const STOPPED = "What was said before is kept, and the report follows when the server is back. Stop again to end without it.";
const PAUSED = "The conversation stays paused.";
const KEPT = {
  microphone: "Sound goes on being taken, and the last two minutes of it are sent when the server is back.",
  file: "The file waits where it is.",
};

export class ConnectionView {
  /** @param {Tracking | null} tracking null where there is no conversation */
  render(tracking) {
    const state = tracking?.state ?? "idle";
    byId("connection").dataset.state = state;
    const wentOnMs = performance.now() - (tracking?.wentOnAt ?? -Infinity);
    setText(byId("connection-text"), state === "running" && wentOnMs < WENT_ON_MS ? WENT_ON : STATES[state]);
    byId("away").hidden = state !== "reconnecting";
    if (tracking?.state === "reconnecting") {
      this.#renderAway(tracking);
    }
  }

  /** @param {Tracking} tracking */
  #renderAway(tracking) {
    const seconds = Math.ceil((tracking.retryAt - performance.now()) / 1000);
    const isWaiting = Number.isFinite(seconds) && seconds > 0;
    const next = isWaiting ? `Next attempt in ${seconds} s.` : "Trying again now …";
    setText(byId("away-text"), `The connection broke. ${keptOf(tracking)} ${next}`);
    byId("retry", HTMLButtonElement).disabled = !isWaiting;
  }
}

/**
 * What happens while the connection is away.
 *
 * @param {Tracking} tracking
 */
function keptOf({ isPaused, isStopping, source }) {
  if (isStopping) {
    return STOPPED;
  }
  return isPaused ? PAUSED : KEPT[source.kind];
}
