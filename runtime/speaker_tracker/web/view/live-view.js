// Who speaks now, how long it has been, and the buttons of a running conversation.

import { LevelWatch, meterShare } from "../audio/level.js";
import { clock } from "../clock.js";
import { byId, setMeter, setText } from "./dom.js";
import { hueOf } from "./theme.js";

/** Pauses between words are shorter than so many messages. */
const CALM_MESSAGES = 2;
/** A server that keeps up is a second behind, or less. */
const BEHIND_MS = 5000;
const LEVELS = {
  dead: "Nothing at all is coming from the microphone. Is it switched off?",
  loud: "It is too loud for the microphone: move away a little, or turn its level down.",
};

export class LiveView {
  #now = byId("now");
  #watch = new LevelWatch();
  #quietMessages = 0;
  #shown = null;
  #hasBegun = false;

  reset() {
    this.#watch = new LevelWatch();
    this.#quietMessages = CALM_MESSAGES;
    this.#shown = null;
    this.#hasBegun = false;
    setText(byId("live-level"), "");
    setMeter(byId("live-meter"), 0, "good");
  }

  /** The number of the person shown, null for nobody. */
  get shown() {
    return this.#shown;
  }

  /** The number of the person shown, after a message that said that `number` speaks, null for nobody. */
  hear(number) {
    this.#hasBegun = true;
    this.#quietMessages = number === null ? this.#quietMessages + 1 : 0;
    if (number !== null || this.#quietMessages >= CALM_MESSAGES) {
      this.#shown = number;
    }
    return this.#shown;
  }

  showLevel(peak) {
    const quality = this.#watch.take(peak);
    setMeter(byId("live-meter"), meterShare(peak), quality);
    setText(byId("live-level"), LEVELS[quality] ?? "");
  }

  render(tracking, people) {
    const { state } = tracking;
    const isHeard = state === "running" || state === "stopping";
    const number = isHeard ? this.#shown : null;
    this.#now.toggleAttribute("data-quiet", number === null);
    setText(byId("now-name"), number === null ? this.#silence(state) : people.label(number));
    setText(byId("now-badge"), number === null ? "" : String(number));
    byId("now-badge").dataset.hue = number === null ? "" : hueOf(number);
    this.#renderProgress(tracking);
    setText(byId("pause"), tracking.isPaused ? "Go on" : "Pause");
    byId("pause").disabled = state === "stopping";
    byId("stop").disabled = state === "stopping";
    document.title = number === null ? "Speaker Tracker" : `${people.label(number)} – Speaker Tracker`;
  }

  focus() {
    byId("live-title").focus();
  }

  /** Of a file how far it has come, of a microphone how long it has been; its level comes with its sound. */
  #renderProgress({ source, positionMs, state, isPaused, behindMs }) {
    // In steps, so that it is not another text with every picture.
    const seconds = Math.floor(behindMs / BEHIND_MS) * (BEHIND_MS / 1000);
    setText(byId("behind"), seconds === 0 ? "" : `The server is ${seconds} seconds behind; what is said now is shown later.`);
    const meter = byId("live-meter");
    if (source.kind === "file") {
      setText(byId("elapsed"), `${clock(positionMs)} / ${clock(source.durationMs)}`);
      setMeter(meter, source.durationMs === 0 ? 1 : Math.min(1, positionMs / source.durationMs), "progress");
      meter.setAttribute("aria-label", "Part of the file that has been heard, in percent");
    } else {
      setText(byId("elapsed"), clock(positionMs));
      meter.setAttribute("aria-label", "Level of the microphone");
      if (isPaused || state === "stopping") {
        setMeter(meter, 0, "good");
        setText(byId("live-level"), "");
      }
    }
  }

  #silence(state) {
    if (state === "paused") {
      return "Paused";
    }
    if (state === "reconnecting") {
      return "Waiting …";
    }
    return this.#hasBegun ? "Nobody" : "Listening …";
  }
}
