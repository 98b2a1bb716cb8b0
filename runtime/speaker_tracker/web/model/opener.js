// Opens the sessions of a conversation: goes on with the one whose connection was lost, or begins another, and knows what a server
// is not told any more since it took no session with it.

import { askForAdmission } from "../net/admission.js";
import { Connection, sessionUrl } from "../net/connection.js";
import { Problem } from "../wording.js";

/**
 * @import { Limits, Terms, VoiceOffer } from "../net/admission.js"
 * @import { ConnectionHandlers } from "../net/connection.js"
 * @import { RememberedVoice } from "../voices/remembered.js"
 * @import { Recognition } from "./recognition.js"
 */

/**
 * What the next connection opens.
 *
 * @typedef {object} Opening
 * @property {Terms} terms
 * @property {string | null} session the session to go on with, null for another one
 * @property {RememberedVoice[]} remembered voices that another one is told
 */

/** Codes of what a server may have against the voices that it is told. */
const AGAINST_VOICES = new Set(["invalid_known_voices", "voiceprint_model", "known_voices_off"]);
/** Codes of a server that cannot go on with a session; the last is of one that is older than this page. */
const AGAINST_RESUMING = new Set(["session_unknown", "session_incompatible", "unknown_action"]);
/** How long a server is asked again that is full, or cannot read what it has kept, before it is asked for another session. */
const RESUMING_MS = 30_000;

export class Opener {
  /** @type {(problem: Problem) => void} called once where a server takes no session with the remembered voices */
  onVoicesLeftOut = () => {};
  /**
   * What the server recognizes voices by; null where it does not, or before it is known.
   *
   * @type {VoiceOffer | null}
   */
  voiceOffer = null;
  /**
   * Name of the session that a lost connection leaves; null where it is over, or the server does not keep it.
   *
   * @type {string | null}
   */
  session = null;

  #options;
  #recognition;
  /** @type {Limits | null} */
  #limits = null;
  /** What is not told any more. */
  #withheld = /** @type {"nothing" | "remembered voices" | "all voices"} */ ("nothing");
  /** Whether the last connection told of remembered voices. */
  #hasRemembered = false;
  /** Whether the last connection asked for the session that was left. */
  #isResuming = false;
  /** Whether the next connection asks for another one all the same. */
  #isAnew = false;

  /**
   * @param {{base: string, token: string, numSpeakers: number, remembered?: () => Promise<RememberedVoice[]>}} options as of
   *   `TrackingOptions`
   * @param {Recognition} recognition
   */
  constructor(options, recognition) {
    this.#options = options;
    this.#recognition = recognition;
  }

  get idleTimeoutSeconds() {
    return this.#limits?.idleTimeoutSeconds ?? Infinity;
  }

  /**
   * Asks for what a connection needs. Throws `Problem` where the server does not answer, or would refuse the session.
   *
   * @returns {Promise<Opening>}
   */
  async prepare() {
    const { base, token } = this.#options;
    const session = this.#isAnew ? null : this.session;
    this.#isAnew = false;
    const asked = /** @type {const} */ ([askForAdmission(base, token), session === null ? this.#remembered() : []]);
    const [terms, remembered] = await Promise.all(asked);
    return { terms, session, remembered };
  }

  /**
   * Connects.
   *
   * @param {Opening} opening as of `prepare`
   * @param {ConnectionHandlers} handlers
   */
  connect({ terms: { limits, knownVoices: offer }, session, remembered }, handlers) {
    const { base, token, numSpeakers } = this.#options;
    this.#limits = limits;
    this.#isResuming = session !== null;
    let knownVoices = null;
    if (session === null) {
      this.#hasRemembered = remembered.length > 0;
      this.voiceOffer = this.#withheld === "all voices" ? null : offer;
      knownVoices = this.#recognition.introduce(remembered, this.voiceOffer);
    }
    const options = { token, numSpeakers, maxFrameBytes: limits.maxFrameBytes, knownVoices, session };
    return new Connection(sessionUrl(base), options, handlers);
  }

  /**
   * Takes in why the last connection opened no session. Asks for less from then on where that may help: a conversation goes on in
   * another session, or without names, rather than not at all.
   *
   * @param {Problem} problem
   * @param {number} awayMs for how long there has been no session
   * @returns {boolean} whether the next attempt should be made at once
   */
  yieldTo({ code, detail }, awayMs) {
    if (this.#isResuming) {
      if (AGAINST_RESUMING.has(code)) {
        this.session = null;
        return true;
      }
      this.#isAnew = code === "server_busy" && awayMs > RESUMING_MS;
      return this.#isAnew;
    }
    if (!AGAINST_VOICES.has(code) || this.#withheld === "all voices") {
      return false;
    }
    const areLeftOut = code !== "known_voices_off" && this.#hasRemembered;
    this.#withheld = areLeftOut ? "remembered voices" : "all voices";
    if (areLeftOut) {
      this.onVoicesLeftOut(new Problem("voices_left_out", detail));
    }
    return true;
  }

  /** The voices to recognize, whatever there is of them. */
  async #remembered() {
    return this.#withheld === "nothing" ? (this.#options.remembered?.() ?? []) : [];
  }
}
