// Gives the user what a conversation came to, in the form that is asked for.

import { download } from "./download.js";
import { picture } from "./picture.js";
import { reportJson } from "./report-json.js";
import { csv, rttm } from "./tables.js";

/** `kind`: `picture`, `json`, `csv` or `rttm`. */
export async function save(conversation, kind) {
  const stem = fileStem(conversation);
  const { speakers, segments, timeline } = conversation;
  switch (kind) {
    case "picture":
      download(`${stem}.png`, await picture(headingOf(conversation), conversation.scene(speakers), speakers));
      break;
    case "json":
      download(`${stem}.json`, reportJson(outlineOf(conversation), speakers, segments, timeline.parts), "application/json");
      break;
    case "csv":
      download(`${stem}.csv`, csv(segments), "text/csv;charset=utf-8");
      break;
    case "rttm":
      download(`${stem}.rttm`, rttm(stem, segments), "text/plain;charset=utf-8");
      break;
  }
}

function outlineOf({ tracking, startedAt, durationMs }) {
  return {
    source: tracking.source.name,
    startedAt: startedAt.toISOString(),
    durationMs: Math.round(durationMs),
    numSpeakers: tracking.numSpeakers,
    complete: tracking.isComplete,
  };
}

function headingOf({ tracking, startedAt }) {
  const { kind, name } = tracking.source;
  return `${kind === "file" ? name : "Conversation"}, ${startedAt.toLocaleString()}`;
}

/** `conversation-2026-11-24-1405`, or the name of the file that was tracked. */
function fileStem({ tracking, startedAt }) {
  const { kind, name } = tracking.source;
  if (kind === "file") {
    return name.replace(/\.[^.]*$/, "") || "sound";
  }
  const local = new Date(startedAt - startedAt.getTimezoneOffset() * 60_000).toISOString();
  return `conversation-${local.slice(0, 10)}-${local.slice(11, 16).replace(":", "")}`;
}
