// Who speaks now, how long it has been, and the buttons of a running conversation.

import { LevelWatch, meterShare } from "../audio/level.js";
import { clock } from "../clock.js";
import { byId, element, setMeter, setText } from "./dom.js";
import { hueOf } from "./theme.js";

/**
 * @import { Quality } from "../audio/level.js"
 * @import { Conversation } from "../conversation.js"
 * @import { State, Tracking } from "../model/tracking.js"
 */

/** Messages without a speaker before nobody is shown: pauses between words are shorter. */
const QUIET_MESSAGES = 2;
/** Delay from which on the server counts as behind; one that keeps up is a second behind, or less. */
const BEHIND_MS = 5000;
/** @type {Partial<Record<Quality, string>>} */
const LEVELS = {
  dead: "Nothing at all is coming from the microphone. Is it switched off?",
  loud: "It is too loud for the microphone: move away a little, or turn its level down.",
};

export class LiveView {
  /**
   * Numbers of those who are shown as speaking now, in ascending order.
   *
   * @type {number[]}
   */
  speaking = [];
  #now = byId("now");
  #watch = new LevelWatch();
  #quietMessages = 0;
  /**
   * The number of the most prominent one who is shown.
   *
   * @type {number | null}
   */
  #shown = null;
  #hasBegun = false;

  reset() {
    this.#watch = new LevelWatch();
    this.#quietMessages = QUIET_MESSAGES;
    this.#shown = null;
    this.#hasBegun = false;
    setText(byId("live-level"), "");
    setMeter(byId("live-meter"), 0, "good");
  }

  /**
   * Takes in a message about who speaks.
   *
   * @param {number | null} number of the most prominent person, null for nobody
   * @returns {boolean} whether somebody else is shown now
   */
  update(number) {
    const before = this.#shown;
    this.#hasBegun = true;
    this.#quietMessages = number === null ? this.#quietMessages + 1 : 0;
    if (number !== null || this.#quietMessages >= QUIET_MESSAGES) {
      this.#shown = number;
    }
    return this.#shown !== before;
  }

  /** @param {number} peak within [0, 1] */
  showLevel(peak) {
    const quality = this.#watch.take(peak);
    setMeter(byId("live-meter"), meterShare(peak), quality);
    setText(byId("live-level"), LEVELS[quality] ?? "");
  }

  /** @param {Conversation} conversation */
  render(conversation) {
    const { people, tracking } = conversation;
    const { state } = tracking;
    const isRunning = state === "running" || state === "stopping";
    this.speaking = isRunning && this.#shown !== null ? conversation.speakingWith(this.#shown) : [];
    const isQuiet = this.speaking.length === 0;
    const names = people.labels(this.speaking);
    this.#now.toggleAttribute("data-quiet", isQuiet);
    this.#now.toggleAttribute("data-several", this.speaking.length > 1);
    setText(byId("now-name"), isQuiet ? this.#silence(state) : names);
    renderBadges(this.speaking);
    this.#renderProgress(tracking);
    const [pause, stop] = [byId("pause", HTMLButtonElement), byId("stop", HTMLButtonElement)];
    setText(pause, tracking.isPaused ? "Go on" : "Pause");
    pause.disabled = tracking.isStopping;
    stop.disabled = state === "stopping";
    document.title = isQuiet ? "Speaker Tracker" : `${names} – Speaker Tracker`;
  }

  focus() {
    byId("live-title").focus();
  }

  /**
   * Shows how far a file has come, or how long a microphone has been listened to; its level comes with its sound.
   *
   * @param {Tracking} tracking
   */
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

  /** @param {State} state */
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

/**
 * A badge for each who speaks, an empty one for nobody.
 *
 * @param {number[]} numbers
 */
function renderBadges(numbers) {
  const badges = byId("now-badges");
  const shown = numbers.join(" ");
  if (badges.dataset.shown !== shown) {
    badges.dataset.shown = shown;
    const made = numbers.map((number) => element("span", { class: "badge", "data-hue": hueOf(number) }, String(number)));
    badges.replaceChildren(...(made.length > 0 ? made : [element("span", { class: "badge" })]));
  }
}
