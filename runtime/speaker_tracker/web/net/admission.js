// Asks the server, before a session is opened, what a browser is not told about a WebSocket that was refused.

import { messageOf, Problem } from "../wording.js";

/** @typedef {"token" | "origin"} RefusalReason */

/**
 * Limits of the server that the page has to keep.
 *
 * @typedef {object} Limits
 * @property {number} idleTimeoutSeconds
 * @property {number} maxFrameBytes
 * @property {number} maxSessionSeconds
 */

/**
 * What the server recognizes voices by, and how many it takes.
 *
 * @typedef {object} VoiceOffer
 * @property {string} model name of its voice model
 * @property {number} version of that model
 * @property {number} maxVoices voiceprints that a session may be told
 * @property {number} maxNameLength
 */

/**
 * What holds for a session.
 *
 * @typedef {object} Terms
 * @property {Limits} limits
 * @property {VoiceOffer | null} knownVoices null where the server recognizes no voices
 */

/**
 * What `POST /web/admission` answers.
 *
 * @typedef {object} Admission
 * @property {{reason: RefusalReason, message: string} | null} refusal
 * @property {Limits} limits
 * @property {VoiceOffer | null} [knownVoices]
 */

const TIMEOUT_MS = 10_000;

/**
 * What holds for sessions of this server. Throws `Problem` where the server does not answer, or would refuse the session.
 *
 * @param {string} base address of the page
 * @param {string} token empty where there is none
 * @returns {Promise<Terms>}
 */
export async function askForAdmission(base, token) {
  const { refusal, limits, knownVoices = null } = await request(base, token);
  if (refusal?.reason === "token") {
    throw new Problem(token === "" ? "token_missing" : "token_wrong", refusal.message);
  }
  if (refusal !== null) {
    throw new Problem(refusal.reason, refusal.message);
  }
  return { limits, knownVoices };
}

/**
 * @param {string} base
 * @param {string} token
 * @returns {Promise<Admission>}
 */
async function request(base, token) {
  try {
    const response = await fetch(new URL("web/admission", base), {
      method: "POST",
      headers: token === "" ? [] : [["Authorization", `Bearer ${token}`]],
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) {
      throw new TypeError(`status ${response.status}`);
    }
    return await response.json();
  } catch (error) {
    throw new Problem("unreachable", messageOf(error));
  }
}
