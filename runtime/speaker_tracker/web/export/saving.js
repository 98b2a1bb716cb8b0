// Gives a conversation to the user as a file, in the form that is asked for.

import { download } from "./download.js";
import { picture } from "./picture.js";
import { reportJson } from "./report-json.js";
import { csv, rttm } from "./tables.js";

/**
 * @import { Conversation } from "../conversation.js"
 * @import { Outline } from "./report-json.js"
 */

/** @typedef {"picture" | "json" | "csv" | "rttm"} FileKind */

/**
 * @param {Conversation} conversation
 * @param {FileKind} kind
 */
export async function save(conversation, kind) {
  const stem = fileStem(conversation);
  const { speakers, segments, timeline } = conversation;
  switch (kind) {
    case "picture":
      download(`${stem}.png`, await picture(headingOf(conversation), conversation.scene(speakers), speakers));
      break;
    case "json":
      download(`${stem}.json`, text(reportJson(outlineOf(conversation), speakers, segments, timeline.parts), "application/json"));
      break;
    case "csv":
      download(`${stem}.csv`, text(csv(segments), "text/csv;charset=utf-8"));
      break;
    case "rttm":
      download(`${stem}.rttm`, text(rttm(stem, segments), "text/plain;charset=utf-8"));
      break;
  }
}

/**
 * @param {string} content
 * @param {string} type
 */
function text(content, type) {
  return new Blob([content], { type });
}

/**
 * @param {Conversation} conversation
 * @returns {Outline}
 */
function outlineOf({ tracking, startedAt, durationMs }) {
  return {
    source: tracking.source.name,
    startedAt: startedAt.toISOString(),
    durationMs: Math.round(durationMs),
    numSpeakers: tracking.numSpeakers,
    complete: tracking.isComplete,
  };
}

/** @param {Conversation} conversation */
function headingOf({ tracking, startedAt }) {
  const { kind, name } = tracking.source;
  return `${kind === "file" ? name : "Conversation"}, ${startedAt.toLocaleString()}`;
}

/**
 * `conversation-2026-11-24-1405`, or the name of the file that was tracked.
 *
 * @param {Conversation} conversation
 */
function fileStem({ tracking, startedAt }) {
  const { kind, name } = tracking.source;
  if (kind === "file") {
    return name.replace(/\.[^.]*$/, "") || "sound";
  }
  const local = new Date(startedAt.getTime() - startedAt.getTimezoneOffset() * 60_000).toISOString();
  return `conversation-${local.slice(0, 10)}-${local.slice(11, 16).replace(":", "")}`;
}
