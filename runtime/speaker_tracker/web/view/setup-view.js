// What the user chooses before a conversation: microphone or file, number of speakers, token.

import { LevelWatch, meterShare } from "../audio/level.js";
import { listMicrophones } from "../audio/microphone.js";
import { Problem } from "../wording.js";
import { byId, element, setMeter, setText } from "./dom.js";
import { rememberedToken, rememberToken } from "./token.js";

/**
 * What the user has chosen.
 *
 * @typedef {object} Choice
 * @property {number} numSpeakers
 * @property {string} token empty where there is none
 * @property {File | null} file null for the microphone
 * @property {boolean} isPaced whether a file is tracked at the pace of speech
 */

const LEVELS = {
  dead: "Nothing at all is coming in. Is the microphone switched off?",
  quiet: "Say something.",
  good: "That sounds good.",
  loud: "Too loud: move away a little, or turn the level down.",
};
/** Time after which *Cancel* appears: what is over by then needs none. */
const PATIENCE_MS = 1000;

export class SetupView {
  /** @type {(choice: Choice) => void} */
  onStart = () => {};
  onCancel = () => {};
  onCheck = () => {};
  onDevice = () => {};
  /** @type {(problem: Problem) => void} */
  onProblem = () => {};

  #section = byId("setup");
  #form = byId("form", HTMLFormElement);
  #device = byId("device", HTMLSelectElement);
  #token = byId("token", HTMLInputElement);
  #start = byId("start", HTMLButtonElement);
  #cancel = byId("cancel", HTMLButtonElement);
  #watch = new LevelWatch();
  /** @type {File | null} */
  #file = null;
  /**
   * Lets *Cancel* appear; null while nothing is being started.
   *
   * @type {number | null}
   */
  #patience = null;

  constructor() {
    this.#token.value = rememberedToken();
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#form.addEventListener("change", () => this.#render());
    const file = byId("file", HTMLInputElement);
    file.addEventListener("change", () => this.takeFiles(file.files ?? []));
    this.#cancel.addEventListener("click", () => this.onCancel());
    byId("check-microphone").addEventListener("click", () => this.onCheck());
    this.#device.addEventListener("change", () => this.onDevice());
    navigator.mediaDevices?.addEventListener?.("devicechange", () => this.listDevices());
    this.listDevices();
    this.#render();
  }

  set hidden(/** @type {boolean} */ hidden) {
    this.#section.hidden = hidden;
  }

  get isShown() {
    return !this.#section.hidden;
  }

  /** What is being done with what was chosen, in words; null where it can be chosen. */
  set busy(/** @type {string | null} */ words) {
    const wasBusy = this.#patience !== null;
    setText(this.#start, words ?? "Start");
    if (wasBusy === (words !== null)) {
      return;
    }
    for (const control of this.#form.elements) {
      /** @type {HTMLInputElement} */ (control).disabled = !wasBusy && control !== this.#cancel;
    }
    if (this.#patience !== null) {
      clearTimeout(this.#patience);
      this.#patience = null;
      this.#takeFocus(this.#start);
      this.#cancel.hidden = true;
    } else {
      this.#patience = setTimeout(() => {
        this.#cancel.hidden = false;
        this.#takeFocus(this.#cancel);
      }, PATIENCE_MS);
    }
  }

  /**
   * Focuses a button if the focus was on the other one, or is lost with it: a button that is switched off cannot keep it.
   *
   * @param {HTMLButtonElement} button
   */
  #takeFocus(button) {
    const { activeElement } = document;
    if (activeElement === this.#start || activeElement === this.#cancel || activeElement === document.body) {
      button.focus({ preventScroll: true });
    }
  }

  get deviceId() {
    return this.#device.value;
  }

  /** The token as it stands in its field. */
  get token() {
    return this.#token.value;
  }

  focus() {
    byId("setup-title").focus();
  }

  /** Asks for the token, where it has turned out that one is needed. */
  askForToken() {
    byId("token-field").hidden = false;
    this.#token.focus();
    this.#token.select();
  }

  /**
   * Takes what was chosen or dropped, where it is one file.
   *
   * @param {ArrayLike<File>} files
   */
  takeFiles(files) {
    if (files.length > 1) {
      this.onProblem(new Problem("not_one_file"));
    } else if (files.length === 1) {
      this.#file = files[0];
      this.#field("source").value = "file";
      this.#render();
    }
  }

  /**
   * Shows the level of a microphone that is being checked.
   *
   * @param {number} peak within [0, 1]
   */
  showLevel(peak) {
    const row = byId("setup-meter");
    row.hidden = false;
    const quality = this.#watch.take(peak);
    setMeter(/** @type {HTMLElement} */ (row.firstElementChild), meterShare(peak), quality);
    setText(byId("setup-level"), LEVELS[quality]);
  }

  hideLevel() {
    byId("setup-meter").hidden = true;
    this.#watch = new LevelWatch();
  }

  /** Shows the microphones by name, as soon as the browser tells names. */
  async listDevices() {
    const devices = await listMicrophones().catch(() => []);
    const options = devices
      .filter((device) => device.deviceId !== "default" && device.deviceId !== "communications")
      .map((device) => element("option", { value: device.deviceId }, device.label));
    const current = this.#device.value;
    this.#device.replaceChildren(this.#device.options[0], ...options);
    this.#device.value = [...this.#device.options].some((option) => option.value === current) ? current : "";
  }

  #submit() {
    const token = this.#token.value.trim();
    rememberToken(token);
    const isFile = this.#field("source").value === "file";
    if (isFile && this.#file === null) {
      byId("file").focus();
      setText(byId("file-name"), "Choose a sound file first.");
      return;
    }
    this.onStart({
      numSpeakers: Number(this.#field("speakers").value),
      token,
      file: isFile ? this.#file : null,
      isPaced: this.#field("speed").value === "paced",
    });
  }

  #render() {
    const isFile = this.#field("source").value === "file";
    byId("microphone-pane").hidden = isFile;
    byId("file-pane").hidden = !isFile;
    setText(byId("file-name"), this.#file?.name ?? "No file chosen.");
  }

  /**
   * The radio buttons of this name.
   *
   * @param {string} name
   */
  #field(name) {
    return /** @type {RadioNodeList} */ (this.#form.elements.namedItem(name));
  }
}
