// Everybody who has been heard, with time and share; names are given here, and voices of two sessions to one person.

import { clock, percent, roundClock } from "../clock.js";
import { MAX_NAME } from "../model/people.js";
import { byId, element, setText } from "./dom.js";
import { hueOf } from "./theme.js";

export class SpeakersView {
  onRename = () => {};
  onAssign = () => {};

  #list = byId("speakers");
  #rows = new Map();

  /** `speakers`: as of `summarise`. `lateVoices`: `{key, number, own}` of voices heard in a later session. */
  render(speakers, lateVoices, breaks) {
    for (const [number, row] of this.#rows) {
      if (!speakers.some((speaker) => speaker.number === number)) {
        row.item.remove();
        this.#rows.delete(number);
      }
    }
    for (const speaker of speakers) {
      this.#renderRow(this.#rowOf(speaker.number), speaker, lateVoices, speakers);
    }
    byId("no-speakers").hidden = speakers.length > 0;
    byId("rename-hint").hidden = speakers.length === 0;
    this.#renderNote(breaks);
  }

  /** Whether somebody is just writing a name. */
  get isBeingEdited() {
    return this.#list.contains(document.activeElement) && document.activeElement.matches("input");
  }

  clear() {
    this.#list.replaceChildren();
    this.#rows.clear();
  }

  #renderNote(breaks) {
    const when = breaks.map((ms) => clock(ms)).join(", ");
    byId("parts-note").hidden = breaks.length === 0;
    setText(
      byId("parts-note"),
      `The connection broke at ${when}. From there the server began anew and cannot say who is the same person as before. If you know, choose it here.`,
    );
  }

  #rowOf(number) {
    if (!this.#rows.has(number)) {
      const row = this.#makeRow(number);
      this.#rows.set(number, row);
      const behind = [...this.#rows].filter(([other]) => other > number).sort(([a], [b]) => a - b)[0];
      this.#list.insertBefore(row.item, behind?.[1].item ?? null);
    }
    return this.#rows.get(number);
  }

  #makeRow(number) {
    const id = `name-${number}`;
    const name = element("input", {
      id,
      type: "text",
      maxlength: MAX_NAME,
      placeholder: `Speaker ${number}`,
      autocomplete: "off",
      spellcheck: "false",
      title: "Give a name",
    });
    name.addEventListener("change", () => this.onRename(number, name.value));
    name.addEventListener("keydown", (event) => {
      if (event.key === "Enter") {
        name.blur();
        name.focus();
      }
    });
    const row = {
      name,
      time: element("span", { class: "time" }),
      share: element("span", { class: "share" }),
      bar: element("div", { "data-hue": hueOf(number) }),
      same: element("div", { class: "same" }),
      sameFor: "",
    };
    row.item = element(
      "li",
      { class: "speaker", "data-number": number },
      element("span", { class: "badge", "data-hue": hueOf(number), "aria-hidden": "true" }, String(number)),
      element("div", {}, element("label", { for: id, class: "visually-hidden" }, `Name of speaker ${number}`), name),
      row.time,
      row.share,
      element("div", { class: "bar", "aria-hidden": "true" }, row.bar),
      row.same,
    );
    return row;
  }

  #renderRow(row, speaker, lateVoices, speakers) {
    if (document.activeElement !== row.name && row.name.value !== speaker.name) {
      row.name.value = speaker.name;
    }
    setText(row.time, roundClock(speaker.totalMs));
    setText(row.share, percent(speaker.share));
    row.bar.style.width = `${speaker.share * 100}%`;
    this.#renderSame(row, speaker, lateVoices, speakers);
  }

  /** Made anew only where the choice has changed, so that a list that is open stays open. */
  #renderSame(row, speaker, lateVoices, speakers) {
    const theirs = lateVoices.filter((voice) => voice.number === speaker.number);
    const others = speakers.filter((other) => other.number !== speaker.number && other.number < speaker.number);
    const key = JSON.stringify([theirs, speaker.label, others.map(({ number, label }) => [number, label])]);
    if (row.sameFor !== key) {
      row.sameFor = key;
      row.same.replaceChildren(
        ...theirs.map((voice) => (voice.own === speaker.number ? this.#choice(voice, speaker, others) : this.#undo(voice))),
      );
      row.same.hidden = theirs.length === 0;
    }
  }

  #choice(voice, speaker, others) {
    const select = element(
      "select",
      {},
      element("option", { value: "" }, "somebody new"),
      ...others.map((other) => element("option", { value: other.number }, other.label)),
    );
    select.addEventListener("change", () => this.#assign(voice.key, Number(select.value)));
    return element("label", {}, `${speaker.label} is `, select);
  }

  #undo(voice) {
    const button = element("button", { type: "button", class: "quiet small" }, "Not the same person");
    button.addEventListener("click", () => this.#assign(voice.key, null));
    return element("span", {}, `Also what was Speaker ${voice.own} `, button);
  }

  #assign(key, number) {
    this.onAssign(key, number);
    byId("speakers-title").tabIndex = -1;
    byId("speakers-title").focus();
  }
}
