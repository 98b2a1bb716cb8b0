// Everybody who has been heard, with time and share; names are given here.

import { clock, percent, roundClock } from "../clock.js";
import { MAX_NAME } from "../model/people.js";
import { byId, element, setText } from "./dom.js";
import { RememberVoice } from "./remember-voice.js";
import { SamePerson } from "./same-person.js";
import { hueOf } from "./theme.js";

/**
 * @import { LateVoice } from "../conversation.js"
 * @import { Speaker } from "../model/summary.js"
 * @import { Keeping } from "./remember-voice.js"
 */

/**
 * The elements of a person's row.
 *
 * @typedef {object} Row
 * @property {HTMLLIElement} item
 * @property {HTMLInputElement} name
 * @property {HTMLElement} time
 * @property {HTMLElement} share
 * @property {HTMLElement} bar
 * @property {HTMLElement} recognized
 * @property {SamePerson} same
 * @property {RememberVoice} remember
 */

/**
 * What is shown besides the speakers.
 *
 * @typedef {object} Surroundings
 * @property {LateVoice[]} lateVoices
 * @property {number[]} breaks when sessions after the first began
 * @property {boolean} isAcrossBreaks whether the server recognizes voices of before a break
 * @property {((speaker: Speaker) => Keeping) | null} keepingOf what can be done to remember a voice; null where none can be
 */

const RENAME = "Choose a name to change it.";
const REMEMBER = "Whoever has a name can be remembered by their voice.";
const KNOWS = "and recognizes voices of before where it has heard enough of them. Where it is wrong, or you know more, choose it here.";
const KNOWS_NOBODY = "and cannot say who is the same person as before. If you know, choose it here.";

export class SpeakersView {
  /** @type {(number: number, name: string) => void} */
  onRename = () => {};
  /** @type {(voice: string, number: number | null) => void} */
  onAssign = () => {};
  /** @type {(number: number) => void} */
  onRemember = () => {};
  /** @type {(number: number) => void} */
  onForget = () => {};

  #list = byId("speakers");
  /** @type {Map<number, Row>} */
  #rows = new Map();

  /**
   * @param {Speaker[]} speakers
   * @param {Surroundings} surroundings
   */
  render(speakers, { lateVoices, breaks, isAcrossBreaks, keepingOf }) {
    for (const [number, row] of this.#rows) {
      if (!speakers.some((speaker) => speaker.number === number)) {
        row.item.remove();
        this.#rows.delete(number);
      }
    }
    for (const speaker of speakers) {
      const row = this.#rowOf(speaker.number);
      renderRow(row, speaker);
      row.same.render(speaker, lateVoices, speakers);
      row.remember.render(speaker.label, keepingOf?.(speaker) ?? { state: "none" });
    }
    byId("no-speakers").hidden = speakers.length > 0;
    byId("rename-hint").hidden = speakers.length === 0;
    setText(byId("rename-hint"), keepingOf === null ? RENAME : `${RENAME} ${REMEMBER}`);
    byId("remember-hint").hidden = !speakers.some((speaker) => keepingOf?.(speaker).state === "offered");
    renderNote(breaks, isAcrossBreaks);
  }

  /** Whether somebody is just writing a name. */
  get isBeingEdited() {
    const { activeElement } = document;
    return activeElement !== null && this.#list.contains(activeElement) && activeElement.matches("input");
  }

  clear() {
    this.#list.replaceChildren();
    this.#rows.clear();
  }

  /** @param {number} number */
  #rowOf(number) {
    let row = this.#rows.get(number);
    if (row === undefined) {
      row = this.#makeRow(number);
      this.#rows.set(number, row);
      const behind = [...this.#rows].filter(([other]) => other > number).sort(([a], [b]) => a - b)[0];
      this.#list.insertBefore(row.item, behind?.[1].item ?? null);
    }
    return row;
  }

  /**
   * @param {number} number
   * @returns {Row}
   */
  #makeRow(number) {
    const id = `name-${number}`;
    const name = this.#makeNameField(id, number);
    const time = element("span", { class: "time" });
    const share = element("span", { class: "share" });
    const bar = element("div", { "data-hue": hueOf(number) });
    const recognized = element("p", { class: "hint recognized" }, "Recognized by the voice");
    const same = new SamePerson((voice, other) => this.#assign(voice, other));
    const remember = new RememberVoice({ onRemember: () => this.onRemember(number), onForget: () => this.onForget(number) });
    const item = element(
      "li",
      { class: "speaker", "data-number": number },
      element("span", { class: "badge", "data-hue": hueOf(number), "aria-hidden": "true" }, String(number)),
      element("div", {}, element("label", { for: id, class: "visually-hidden" }, `Name of speaker ${number}`), name),
      time,
      share,
      element("div", { class: "bar", "aria-hidden": "true" }, bar),
      recognized,
      same.element,
      remember.element,
    );
    return { item, name, time, share, bar, recognized, same, remember };
  }

  /**
   * @param {string} id
   * @param {number} number
   */
  #makeNameField(id, number) {
    const field = element("input", {
      id,
      type: "text",
      maxlength: MAX_NAME,
      placeholder: `Speaker ${number}`,
      autocomplete: "off",
      spellcheck: "false",
      title: "Give a name",
    });
    field.addEventListener("change", () => this.onRename(number, field.value));
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") {
        field.blur();
        field.focus();
      }
    });
    return field;
  }

  /**
   * @param {string} voice
   * @param {number | null} number
   */
  #assign(voice, number) {
    this.onAssign(voice, number);
    byId("speakers-title").tabIndex = -1;
    byId("speakers-title").focus();
  }
}

/**
 * @param {Row} row
 * @param {Speaker} speaker
 */
function renderRow(row, speaker) {
  if (document.activeElement !== row.name && row.name.value !== speaker.name) {
    row.name.value = speaker.name;
  }
  setText(row.time, roundClock(speaker.totalMs));
  setText(row.share, percent(speaker.share));
  row.bar.style.width = `${speaker.share * 100}%`;
  row.recognized.hidden = !speaker.isRecognized;
}

/**
 * @param {number[]} breaks
 * @param {boolean} isAcrossBreaks
 */
function renderNote(breaks, isAcrossBreaks) {
  const when = breaks.map((ms) => clock(ms)).join(", ");
  byId("parts-note").hidden = breaks.length === 0;
  setText(
    byId("parts-note"),
    `The connection broke at ${when}. From there the server began anew ${isAcrossBreaks ? KNOWS : KNOWS_NOBODY}`,
  );
}
