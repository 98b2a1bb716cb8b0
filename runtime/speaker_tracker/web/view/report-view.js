// The end of a conversation: what it came to, and what can be taken home.

import { clock, percent, spokenTime } from "../clock.js";
import { byId, element, setText } from "./dom.js";

export class ReportView {
  /** Called with `picture`, `json`, `csv` or `rttm`. */
  onSave = () => {};
  onAgain = () => {};

  constructor() {
    for (const kind of ["picture", "json", "csv", "rttm"]) {
      byId(`save-${kind}`).addEventListener("click", () => this.onSave(kind));
    }
    byId("again").addEventListener("click", () => this.onAgain());
  }

  set hidden(hidden) {
    byId("report").hidden = hidden;
    byId("table").hidden = hidden;
  }

  focus() {
    byId("report-title").focus();
  }

  render(speakers, durationMs) {
    setText(byId("report-summary"), summaryOf(speakers, durationMs));
  }

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

/** One or two sentences. */
export function summaryOf(speakers, durationMs) {
  const length = sentence(spokenTime(durationMs));
  if (speakers.length === 0) {
    return `${length} Nobody was heard.`;
  }
  const most = speakers.reduce((a, b) => (b.totalMs > a.totalMs ? b : a));
  return speakers.length === 1
    ? `${length} One person spoke: ${most.label}, for ${spokenTime(most.totalMs)}.`
    : `${length} ${speakers.length} people spoke, ${most.label} most: ${spokenTime(most.totalMs)}, ${percent(most.share)} of all speech.`;
}

function sentence(text) {
  return `${text[0].toUpperCase()}${text.slice(1)}.`;
}
