// Remembered voices as a file, in the format of the command line; see docs/command-line.md.

import { Problem } from "../wording.js";
import { complete, faultOf, isOf, lengthOf, modelInWords } from "./voiceprint.js";

/**
 * @import { Voice } from "./remembered.js"
 * @import { VoiceModel } from "./voiceprint.js"
 */

const FORMAT = "speaker-tracker voices";
const VERSION = 1;
/** Longest name in a file, which is the longest that servers take unless they are set otherwise. */
export const MAX_NAME_LENGTH = 100;
const SOURCE = "Choose a file that “Export” of this page or the command line has written.";

/** @typedef {Record<string, unknown>} Unchecked what was read */

/**
 * The content of a file.
 *
 * @param {VoiceModel} model
 * @param {Voice[]} voices of this model
 */
export function writeVoices({ model, version }, voices) {
  const entries = voices.map(({ name, voiceprint, added }) => ({ name, voiceprint, added }));
  return `${JSON.stringify({ format: FORMAT, version: VERSION, model, model_version: version, voices: entries }, null, 2)}\n`;
}

/**
 * The voices in a file. Throws `Problem` that says what is wrong where it is no such file.
 *
 * @param {string} text
 * @param {string} today the day that holds for voices that do not say when they were added, such as `2026-11-28`
 * @returns {Voice[]}
 */
export function readVoices(text, today) {
  const { model, model_version, voices } = headOf(text);
  const made = { model, version: model_version };
  const read = voices.map((voice, index) => voiceOf(voice, index + 1, made, today));
  const odd = read.findIndex(({ voiceprint }) => lengthOf(voiceprint) !== lengthOf(read[0].voiceprint));
  if (odd >= 0) {
    throw wrong(`Voice ${odd + 1} (${read[odd].name}) has a voiceprint of another length than voice 1; those of one model have the same.`);
  }
  return read;
}

/**
 * @param {string} text
 * @returns {{model: string, model_version: number, voices: unknown[]}}
 */
function headOf(text) {
  const { format, version, model, model_version, voices } = objectOf(text);
  if (format !== FORMAT) {
    throw wrong(`It is no file of voices: it does not say that its format is “${FORMAT}”. ${SOURCE}`);
  }
  if (version !== VERSION) {
    throw wrong(`It has version ${JSON.stringify(version)} of the format, and this page reads version ${VERSION}. Load the page anew, or export the voices again.`);
  }
  if (typeof model !== "string" || typeof model_version !== "number") {
    throw wrong(`It does not say of which voice model and version its voices are. ${SOURCE}`);
  }
  if (!Array.isArray(voices)) {
    throw wrong(`It has no list of voices. ${SOURCE}`);
  }
  return { model, model_version, voices };
}

/**
 * @param {string} text
 * @returns {Unchecked}
 */
function objectOf(text) {
  let found;
  try {
    found = JSON.parse(text);
  } catch {
    throw wrong(`It is not JSON. ${SOURCE}`);
  }
  if (typeof found !== "object" || found === null || Array.isArray(found)) {
    throw wrong(`It is no JSON object. ${SOURCE}`);
  }
  return found;
}

/**
 * @param {unknown} found
 * @param {number} number from 1
 * @param {VoiceModel} model that of the file
 * @param {string} today
 * @returns {Voice}
 */
function voiceOf(found, number, model, today) {
  if (typeof found !== "object" || found === null) {
    throw wrong(`Voice ${number} is no JSON object with a name and a voiceprint.`);
  }
  const { name: given, voiceprint, added = today } = /** @type {Unchecked} */ (found);
  const name = nameOf(given, number);
  const fault = faultOf(voiceprint);
  if (fault !== null) {
    throw wrong(`Voice ${number} (${name}) ${fault}.`);
  }
  const print = complete(/** @type {import("../net/messages.js").Voiceprint} */ (voiceprint));
  if (!isOf(print, model)) {
    throw wrong(`Voice ${number} (${name}) is of the voice model ${modelInWords(print)}, but the file is of ${modelInWords(model)}.`);
  }
  if (typeof added !== "string" || !isDay(added)) {
    throw wrong(`Voice ${number} (${name}) was added on ${JSON.stringify(added)}, which is no day such as 2026-11-28.`);
  }
  return { name, voiceprint: print, added };
}

/**
 * @param {unknown} given
 * @param {number} number of the voice
 */
function nameOf(given, number) {
  const name = typeof given === "string" ? given.trim() : "";
  if (name === "") {
    throw wrong(`Voice ${number} has no name.`);
  }
  if (name.length > MAX_NAME_LENGTH) {
    throw wrong(`The name of voice ${number} has ${name.length} characters; at most ${MAX_NAME_LENGTH} are allowed.`);
  }
  if (/[\p{Cc}\p{Cs}]/u.test(name)) {
    throw wrong(`The name of voice ${number} has control characters, such as a line break.`);
  }
  return name;
}

/** @param {string} text */
function isDay(text) {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN;
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

/** @param {string} sentence */
function wrong(sentence) {
  return new Problem("voices_file", sentence);
}
