// The end of a conversation: its summary, its segments as a table, and what can be saved.

import { clock, percent, spokenTime } from "../clock.js";
import { byId, element, setText } from "./dom.js";

/**
 * @import { FileKind } from "../export/saving.js"
 * @import { NamedSegment, Speaker } from "../model/summary.js"
 */

/** @type {FileKind[]} */
const KINDS = ["picture", "json", "csv", "rttm"];

export class ReportView {
  /** @type {(kind: FileKind) => void} */
  onSave = () => {};
  onAgain = () => {};

  constructor() {
    for (const kind of KINDS) {
      byId(`save-${kind}`).addEventListener("click", () => this.onSave(kind));
    }
    byId("again").addEventListener("click", () => this.onAgain());
  }

  set hidden(/** @type {boolean} */ hidden) {
    byId("report").hidden = hidden;
    byId("table").hidden = hidden;
  }

  focus() {
    byId("report-title").focus();
  }

  /**
   * @param {Speaker[]} speakers
   * @param {number} durationMs
   * @param {boolean} isCertain whether no two speakers can be the same person
   * @param {number} togetherMs for how long two people or more speak at the same time
   * @param {{voices: number, totalMs: number}} others voices beyond those tracked
   */
  render(speakers, durationMs, isCertain, togetherMs, others) {
    setText(byId("report-summary"), summaryOf(speakers, durationMs, isCertain) + together(togetherMs) + moreVoices(others));
  }

  /** @param {NamedSegment[]} segments */
  renderTable(segments) {
    const rows = segments.map(({ startMs, endMs, number, label }) =>
      element(
        "tr",
        {},
        element("td", {}, clock(startMs, true)),
        element("td", {}, clock(endMs, true)),
        element("td", {}, label === `Speaker ${number}` ? label : `${label} (${number})`),
      ),
    );
    byId("segments").replaceChildren(...rows);
  }
}

/**
 * One or two sentences.
 *
 * @param {Speaker[]} speakers
 * @param {number} durationMs
 * @param {boolean} isCertain
 */
function summaryOf(speakers, durationMs, isCertain) {
  const length = sentence(spokenTime(durationMs));
  if (speakers.length === 0) {
    return `${length} Nobody was heard.`;
  }
  const most = speakers.reduce((a, b) => (b.totalMs > a.totalMs ? b : a));
  if (speakers.length === 1) {
    return `${length} One person spoke: ${nameOf(most)}, for ${spokenTime(most.totalMs)}.`;
  }
  const people = `${isCertain ? "" : "At most "}${speakers.length} people spoke`;
  return `${length} ${people}, ${nameOf(most)} most: ${spokenTime(most.totalMs)}, ${percent(most.share)} of all speech.`;
}

/**
 * A sentence on speech of two people or more at the same time; empty where there is hardly any.
 *
 * @param {number} ms
 */
function together(ms) {
  return Math.round(ms / 1000) === 0 ? "" : ` Two or more spoke at once for ${spokenTime(ms)}.`;
}

/**
 * A sentence on voices beyond those tracked; empty where there are none.
 *
 * @param {{voices: number, totalMs: number}} others
 */
function moreVoices({ voices, totalMs }) {
  if (voices === 0) {
    return "";
  }
  return ` ${voices === 1 ? "1 more voice was" : `${voices} more voices were`} heard, for ${spokenTime(totalMs)} in all.`;
}

/**
 * The name, or a label whose number does not stand alone on a line.
 *
 * @param {Speaker} speaker
 */
function nameOf({ name, label }) {
  return name || label.replace(" ", "\u00a0");
}

/** @param {string} text */
function sentence(text) {
  return `${text[0].toUpperCase()}${text.slice(1)}.`;
}
