// The words that page and server speak; docs/protocol.md.

export const SAMPLE_RATE = 16_000;
/** 100 ms. */
export const FRAME_SAMPLES = 1600;
export const SAMPLES_PER_MS = SAMPLE_RATE / 1000;

export const MAX_SPEAKERS = 5;
export const DEFAULT_SPEAKERS = 2;

export const CLOSE_NORMAL = 1000;

/** Opens a session that tells the timeline. */
export function startCommand(numSpeakers) {
  return JSON.stringify({ action: "start", num_speakers: numSpeakers, timeline: true });
}

export const STOP_COMMAND = JSON.stringify({ action: "stop" });

const CHECKS = {
  started: (message) => Number.isInteger(message.num_speakers),
  speaker: (message) => isSpeaker(message.currentSpeakerId),
  timeline: (message) => Number.isFinite(message.audioMs) && areSegments(message.segments),
  report: (message) => Array.isArray(message.speakers) && areSegments(message.segments ?? []),
  error: (message) => typeof message.code === "string",
};

/** The message in a frame, null for an event that this page does not know; throws where it is not the protocol. */
export function parseMessage(data) {
  const message = JSON.parse(data);
  const check = CHECKS[message?.event];
  if (check !== undefined && !check(message)) {
    throw new TypeError(`a wrong ${message.event} message`);
  }
  return check === undefined ? null : message;
}

function areSegments(segments) {
  return Array.isArray(segments) && segments.every(isSegment);
}

function isSegment({ startMs, endMs, speakerId }) {
  return Number.isFinite(startMs) && Number.isFinite(endMs) && startMs <= endMs && isSpeaker(speakerId);
}

function isSpeaker(id) {
  return id === null || Number.isInteger(id);
}
