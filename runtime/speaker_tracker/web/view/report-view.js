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

  /** `isCertain`: no two speakers can be the same person. */
  render(speakers, durationMs, isCertain) {
    setText(byId("report-summary"), summaryOf(speakers, durationMs, isCertain));
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

/** The number of a speaker without a name does not stand alone on a line. */
function nameOf({ name, label }) {
  return name || label.replace(" ", "\u00a0");
}

function sentence(text) {
  return `${text[0].toUpperCase()}${text.slice(1)}.`;
}
