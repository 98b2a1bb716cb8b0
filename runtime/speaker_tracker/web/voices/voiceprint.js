// What a voiceprint must be to be of use, as the server checks it as well; see docs/protocol.md.

/** @import { Voiceprint } from "../net/messages.js" */

/**
 * A voice model; voiceprints of different ones cannot be compared.
 *
 * @typedef {object} VoiceModel
 * @property {string} model its name
 * @property {number} version
 */

/** @typedef {Required<Voiceprint>} CompletePrint */

/** Longest vector in base64 that the protocol has. */
const MAX_VECTOR = 8192;
const MAX_SECONDS = 1e9;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
/** The bits of a float16 without its sign, and those of its exponent. */
const [MAGNITUDE, EXPONENT] = [0x7fff, 0x7c00];

/**
 * The voiceprint with its version, which is 1 where it is not told.
 *
 * @param {Voiceprint} voiceprint
 * @returns {CompletePrint}
 */
export function complete({ model, version = 1, vector, seconds }) {
  return { model, version, vector, seconds };
}

/**
 * @param {Voiceprint} voiceprint
 * @param {VoiceModel} model
 */
export function isOf(voiceprint, { model, version }) {
  const made = complete(voiceprint);
  return made.model === model && made.version === version;
}

/**
 * How many values a voiceprint without a fault has.
 *
 * @param {Voiceprint} voiceprint
 */
export function lengthOf({ vector }) {
  return atob(vector).length / 2;
}

/**
 * A voice model in words.
 *
 * @param {VoiceModel} model
 */
export function modelInWords({ model, version }) {
  return `${model}, version ${version}`;
}

/**
 * What is wrong with something that should be a voiceprint, as the end of a sentence that begins with whose it is; null: nothing.
 *
 * @param {unknown} found
 */
export function faultOf(found) {
  if (typeof found !== "object" || found === null) {
    return "has no voiceprint";
  }
  const { model, version = 1, vector, seconds } = /** @type {Record<string, unknown>} */ (found);
  if (typeof model !== "string" || model === "" || !Number.isInteger(version) || Number(version) < 1) {
    return "has a voiceprint that does not say of which voice model and version it is";
  }
  if (typeof seconds !== "number" || !(seconds > 0 && seconds <= MAX_SECONDS)) {
    return "has a voiceprint that does not say of how many seconds of speech it was made";
  }
  if (typeof vector !== "string" || vector === "" || vector.length > MAX_VECTOR || !BASE64.test(vector)) {
    return "has a voiceprint whose vector is not base64";
  }
  return faultOfValues(atob(vector));
}

/** @param {string} bytes float16 values, little-endian, a character for each byte */
function faultOfValues(bytes) {
  if (bytes.length % 2 !== 0) {
    return "has a voiceprint whose vector is cut off";
  }
  const [low, high] = [0, 1].map((first) => (/** @type {number} */ index) => bytes.charCodeAt(2 * index + first));
  const values = Array.from({ length: bytes.length / 2 }, (_, index) => low(index) | (high(index) << 8));
  if (values.some((value) => (value & EXPONENT) === EXPONENT)) {
    return "has a voiceprint with values that are no numbers";
  }
  return values.some((value) => (value & MAGNITUDE) !== 0) ? null : "has a voiceprint of zeros only, which is nobody's";
}
