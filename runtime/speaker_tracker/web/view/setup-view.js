// What the user chooses before a conversation: microphone or file, number of speakers, token.

import { LevelWatch, meterShare } from "../audio/level.js";
import { listMicrophones } from "../audio/microphone.js";
import { Problem } from "../wording.js";
import { byId, element, setMeter, setText } from "./dom.js";

const LEVELS = {
  dead: "Nothing at all is coming in. Is the microphone switched off?",
  quiet: "Say something.",
  good: "That sounds good.",
  loud: "Too loud: move away a little, or turn the level down.",
};
/** What is over by then needs no button to call it off. */
const PATIENCE_MS = 1000;
const TOKEN_KEY = "speaker-tracker-token";

export class SetupView {
  onStart = () => {};
  onCancel = () => {};
  onCheck = () => {};
  onDevice = () => {};
  onProblem = () => {};

  #section = byId("setup");
  #form = byId("form");
  #device = byId("device");
  #token = byId("token");
  #watch = new LevelWatch();
  #file = null;
  #patience = null;

  constructor() {
    this.#token.value = rememberedToken();
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#form.addEventListener("change", () => this.#render());
    byId("file").addEventListener("change", ({ target }) => this.takeFiles(target.files));
    byId("cancel").addEventListener("click", () => this.onCancel());
    byId("check-microphone").addEventListener("click", () => this.onCheck());
    this.#device.addEventListener("change", () => this.onDevice());
    navigator.mediaDevices?.addEventListener?.("devicechange", () => this.listDevices());
    this.listDevices();
    this.#render();
  }

  set hidden(hidden) {
    this.#section.hidden = hidden;
  }

  get isShown() {
    return !this.#section.hidden;
  }

  /** What is being done with what was chosen, in words; null where it can be chosen. */
  set busy(words) {
    const wasBusy = this.#patience !== null;
    setText(byId("start"), words ?? "Start");
    if (wasBusy === (words !== null)) {
      return;
    }
    for (const control of this.#form.elements) {
      control.disabled = !wasBusy && control !== byId("cancel");
    }
    if (wasBusy) {
      clearTimeout(this.#patience);
      this.#patience = null;
      this.#takeFocus(byId("start"));
      byId("cancel").hidden = true;
    } else {
      this.#patience = setTimeout(() => {
        byId("cancel").hidden = false;
        this.#takeFocus(byId("cancel"));
      }, PATIENCE_MS);
    }
  }

  /** Focuses a button if the focus was on the other one, or is lost with it, as a button cannot keep it that is switched off. */
  #takeFocus(button) {
    if ([byId("start"), byId("cancel"), document.body].includes(document.activeElement)) {
      button.focus({ preventScroll: true });
    }
  }

  get deviceId() {
    return this.#device.value;
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

  /** Takes what was chosen or dropped, where it is one file. */
  takeFiles(files) {
    if (files.length > 1) {
      this.onProblem(new Problem("not_one_file"));
    } else if (files.length === 1) {
      this.#file = files[0];
      this.#form.elements.source.value = "file";
      this.#render();
    }
  }

  /** Shows the level of a microphone that is being checked. */
  showLevel(peak) {
    byId("setup-meter").hidden = false;
    const quality = this.#watch.take(peak);
    setMeter(byId("setup-meter").firstElementChild, meterShare(peak), quality);
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
    const { source, speed, speakers } = this.#form.elements;
    const token = this.#token.value.trim();
    rememberToken(token);
    if (source.value === "file" && this.#file === null) {
      byId("file").focus();
      setText(byId("file-name"), "Choose a sound file first.");
      return;
    }
    this.onStart({
      numSpeakers: Number(speakers.value),
      token,
      file: source.value === "file" ? this.#file : null,
      isPaced: speed.value === "paced",
    });
  }

  #render() {
    const isFile = this.#form.elements.source.value === "file";
    byId("microphone-pane").hidden = isFile;
    byId("file-pane").hidden = !isFile;
    setText(byId("file-name"), this.#file?.name ?? "No file chosen.");
  }
}

/** A browser that keeps nothing for pages keeps no token either. */
function rememberedToken() {
  try {
    return sessionStorage.getItem(TOKEN_KEY) ?? "";
  } catch {
    return "";
  }
}

function rememberToken(token) {
  try {
    sessionStorage.setItem(TOKEN_KEY, token);
  } catch {
    // Then it has to be entered again.
  }
}
