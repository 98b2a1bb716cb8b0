// Everybody who has been heard, with time and share; names are given here.

import { clock, percent, roundClock } from "../clock.js";
import { MAX_NAME } from "../model/people.js";
import { byId, element, setText } from "./dom.js";
import { SamePerson } from "./same-person.js";
import { hueOf } from "./theme.js";

/**
 * @import { LateVoice } from "../conversation.js"
 * @import { Speaker } from "../model/summary.js"
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
 * @property {SamePerson} same
 */

export class SpeakersView {
  /** @type {(number: number, name: string) => void} */
  onRename = () => {};
  /** @type {(voice: string, number: number | null) => void} */
  onAssign = () => {};

  #list = byId("speakers");
  /** @type {Map<number, Row>} */
  #rows = new Map();

  /**
   * @param {Speaker[]} speakers
   * @param {LateVoice[]} lateVoices
   * @param {number[]} breaks when sessions after the first began
   */
  render(speakers, lateVoices, breaks) {
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
    }
    byId("no-speakers").hidden = speakers.length > 0;
    byId("rename-hint").hidden = speakers.length === 0;
    renderNote(breaks);
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
    const same = new SamePerson((voice, other) => this.#assign(voice, other));
    const item = element(
      "li",
      { class: "speaker", "data-number": number },
      element("span", { class: "badge", "data-hue": hueOf(number), "aria-hidden": "true" }, String(number)),
      element("div", {}, element("label", { for: id, class: "visually-hidden" }, `Name of speaker ${number}`), name),
      time,
      share,
      element("div", { class: "bar", "aria-hidden": "true" }, bar),
      same.element,
    );
    return { item, name, time, share, bar, same };
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
}

/** @param {number[]} breaks */
function renderNote(breaks) {
  const when = breaks.map((ms) => clock(ms)).join(", ");
  byId("parts-note").hidden = breaks.length === 0;
  setText(
    byId("parts-note"),
    `The connection broke at ${when}. From there the server began anew and cannot say who is the same person as before. If you know, choose it here.`,
  );
}
