// The messages between page and server, and the numbers that both keep to; see docs/protocol.md.

/**
 * @import { GapCommand, KeepAliveCommand, KnownVoice, ResumeCommand, StartCommand, StopCommand } from "./messages.js"
 * @import { SegmentMessage, ServerMessage } from "./messages.js"
 */

export const SAMPLE_RATE = 16_000;
/** Samples in a frame of 100 ms. */
export const FRAME_SAMPLES = 1600;
export const SAMPLES_PER_MS = SAMPLE_RATE / 1000;

/** Longest gap that one message may tell of: a day. */
export const MAX_GAP_MS = 24 * 3_600_000;

/** WebSocket close code after a complete session (RFC 6455, 7.4.1). */
export const CLOSE_NORMAL = 1000;
/** Close code of a connection that was lost; never sent (RFC 6455, 7.4.1). */
export const CLOSE_ABNORMAL = 1006;

/**
 * The command that opens a session with `timeline` and `hint` messages, which tells of voices beyond those tracked and survives its
 * connection where the server keeps sessions.
 *
 * @param {number} numSpeakers 1 to 5
 * @param {KnownVoice[] | null} [knownVoices] voices to recognize, with which voiceprints are asked for as well; null: neither
 */
export function startCommand(numSpeakers, knownVoices = null) {
  /** @type {StartCommand} */
  const command = { action: "start", num_speakers: numSpeakers, timeline: true, others: true, hints: true, resumable: true };
  if (knownVoices !== null) {
    command.voiceprints = true;
    if (knownVoices.length > 0) {
      command.known_voices = knownVoices;
    }
  }
  return JSON.stringify(command);
}

/**
 * The command that goes on with a session whose connection was lost.
 *
 * @param {string} session as `started` named it
 */
export function resumeCommand(session) {
  /** @type {ResumeCommand} */
  const command = { action: "resume", session };
  return JSON.stringify(command);
}

/**
 * The command that says that there was no audio for a while.
 *
 * @param {number} ms whole, 1 to `MAX_GAP_MS`
 */
export function gapCommand(ms) {
  /** @type {GapCommand} */
  const command = { action: "gap", ms };
  return JSON.stringify(command);
}

/** The command that keeps a session open in which nothing is sent. */
export function keepAliveCommand() {
  /** @type {KeepAliveCommand} */
  const command = { action: "keepalive" };
  return JSON.stringify(command);
}

/** The command that asks for the report. */
export function stopCommand() {
  /** @type {StopCommand} */
  const command = { action: "stop" };
  return JSON.stringify(command);
}

/** @typedef {Record<string, unknown>} Unchecked a message as it was received */

/** @type {Record<ServerMessage["event"], (message: Unchecked) => boolean>} */
const CHECKS = {
  started: (message) => Number.isInteger(message.num_speakers) && isName(message.session),
  resumed: (message) => Number.isInteger(message.num_speakers) && isTime(message.audioMs),
  speaker: (message) => isSpeaker(message.currentSpeakerId) && isName(message.currentName) && isTime(message.ackMs ?? 0),
  timeline: (message) => Number.isFinite(message.audioMs) && areSegments(message.segments),
  voiceprints: (message) => arePrinted(message.speakers) && message.speakers.every(({ voiceprint }) => voiceprint !== undefined),
  hint: (message) => typeof message.code === "string" && typeof message.message === "string",
  report: (message) => arePrinted(message.speakers) && areSegments(message.segments ?? []) && areOthers(message.others),
  error: (message) => typeof message.code === "string",
};

/**
 * The message in a text frame; null for an event that this page does not know. Throws where it is not the protocol.
 *
 * @param {string} data
 * @returns {ServerMessage | null}
 */
export function parseMessage(data) {
  const message = JSON.parse(data);
  const event = message?.event;
  if (!isKnownEvent(event)) {
    return null;
  }
  if (!CHECKS[event](message)) {
    throw new TypeError(`a wrong ${event} message`);
  }
  return message;
}

/**
 * @param {unknown} event
 * @returns {event is ServerMessage["event"]}
 */
function isKnownEvent(event) {
  return typeof event === "string" && Object.hasOwn(CHECKS, event);
}

/**
 * @param {unknown} segments
 * @returns {segments is SegmentMessage[]}
 */
function areSegments(segments) {
  return Array.isArray(segments) && segments.every(isSegment);
}

/** @param {unknown} others voices beyond those tracked, undefined where the server does not tell */
function areOthers(others) {
  const told = /** @type {Unchecked | undefined} */ (others);
  return told === undefined || (Number.isFinite(told.totalTimeMs) && Number.isInteger(told.voices));
}

/** @param {Unchecked} segment */
function isSegment({ startMs, endMs, speakerId, name }) {
  return isTime(startMs) && isTime(endMs) && startMs <= endMs && isSpeaker(speakerId) && isName(name);
}

/**
 * Speakers, each of whom may have a name and a voiceprint.
 *
 * @param {unknown} speakers
 * @returns {speakers is Unchecked[]}
 */
function arePrinted(speakers) {
  return Array.isArray(speakers) && speakers.every(isTold);
}

/** @param {Unchecked} speaker */
function isTold({ id, name, voiceprint }) {
  return Number.isInteger(id) && isName(name) && isPrint(voiceprint);
}

/** @param {unknown} voiceprint undefined where there is none */
function isPrint(voiceprint) {
  const told = /** @type {Unchecked | undefined} */ (voiceprint);
  return told === undefined || (typeof told.model === "string" && typeof told.vector === "string" && Number.isFinite(told.seconds));
}

/** @param {unknown} name undefined where there is none */
function isName(name) {
  return name === undefined || typeof name === "string";
}

/**
 * @param {unknown} ms
 * @returns {ms is number}
 */
function isTime(ms) {
  return Number.isFinite(ms);
}

/** @param {unknown} id */
function isSpeaker(id) {
  return id === null || Number.isInteger(id);
}
