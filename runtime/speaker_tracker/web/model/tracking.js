// One conversation: sends what its source gives to the server, keeps what the server reports, and reconnects after a break.

import { askForAdmission } from "../net/admission.js";
import { Connection, sessionUrl } from "../net/connection.js";
import { CLOSE_NORMAL } from "../net/protocol.js";
import { StallWatch } from "../net/stall-watch.js";
import { asProblem, Problem } from "../wording.js";
import { Retries } from "./retries.js";

/**
 * @import { Limits, VoiceOffer } from "../net/admission.js"
 * @import { ConnectionEnd } from "../net/connection.js"
 * @import { ServerMessage } from "../net/messages.js"
 * @import { RememberedVoice } from "../voices/remembered.js"
 * @import { Correction } from "./corrections.js"
 * @import { Recognition } from "./recognition.js"
 * @import { Source } from "./source.js"
 * @import { Timeline } from "./timeline.js"
 */

/** @typedef {"connecting" | "running" | "paused" | "reconnecting" | "stopping" | "done" | "failed"} State */

/**
 * What a conversation is tracked with.
 *
 * @typedef {object} TrackingOptions
 * @property {string} base address of the page
 * @property {string} token of the server, empty where there is none
 * @property {number} numSpeakers
 * @property {Source} source
 * @property {() => Promise<RememberedVoice[]>} [remembered] the voices to recognize, asked for with each session; none without it
 */

/** Most bytes left to the browser to send: with more, a stop would be late. */
const MAX_BUFFERED_BYTES = 128 * 1024;
/** Longest silence of the server after a stop. */
const REPORT_TIMEOUT_MS = 60_000;
const KEEPALIVE_MS = 20_000;
/** Audio that the server processed this long ago is not sent again, whether it has been labelled or not. */
const SETTLED_MS = 5000;

/** Codes of problems that may be gone at the next attempt to connect. */
const TEMPORARY = new Set(["server_busy", "too_many_sessions", "shutting_down", "unreachable", "handshake"]);
/** Codes of what a server may have against the voices that it is told. */
const AGAINST_VOICES = new Set(["invalid_known_voices", "voiceprint_model", "known_voices_off"]);

/**
 * States: `connecting`, then `running`, `paused` and `reconnecting` to and fro, `stopping`, and in the end `done` or, where there
 * never was a session, `failed`.
 */
export class Tracking extends EventTarget {
  /** @type {State} */
  state = "connecting";
  /**
   * Why it ended other than by a stop.
   *
   * @type {Problem | null}
   */
  problem = null;
  /** Whether the report of every part has come. */
  isComplete = false;
  /**
   * Key of the voice that speaks now.
   *
   * @type {string | null}
   */
  speaking = null;
  /** When the next attempt to connect is made, by `performance.now()`; Infinity while one is being made. */
  retryAt = Infinity;
  /**
   * What the server recognizes voices by; null where it does not, or before it is known.
   *
   * @type {VoiceOffer | null}
   */
  voiceOffer = null;

  #options;
  #timeline;
  #recognition;
  /** @type {Connection | null} */
  #connection = null;
  /** @type {Limits | null} */
  #limits = null;
  /** Index of the part of the present session, -1 before the first. */
  #part = -1;
  /**
   * What the server complained of in the present session.
   *
   * @type {Problem | null}
   */
  #error = null;
  /** What is not told any more, since a server took no session with it. */
  #withheld = /** @type {"nothing" | "remembered voices" | "all voices"} */ ("nothing");
  /** Whether the present session was told of remembered voices. */
  #hasRemembered = false;
  #retries = new Retries();
  #stallWatch = new StallWatch();
  /** Whether the conversation is to be paused as soon as there is a session. */
  #isPausedMeanwhile = false;
  #stopWanted = false;
  #isStopSent = false;
  /** Codes of the hints in all sessions so far. */
  #hinted = new Set();
  #lastMessageAt = 0;
  #lastKeepaliveAt = 0;

  /** @param {TrackingOptions & {timeline: Timeline, recognition: Recognition}} options */
  constructor({ timeline, recognition, ...options }) {
    super();
    this.#options = options;
    this.#timeline = timeline;
    this.#recognition = recognition;
  }

  /** @param {() => void} listener called with each new state, and where `isPaused` changes */
  onChange(listener) {
    this.addEventListener("change", listener);
  }

  /** @param {() => void} listener called with each message about who speaks */
  onSpeaker(listener) {
    this.addEventListener("speaker", listener);
  }

  /** @param {(corrections: Correction[]) => void} listener called with what the server has corrected */
  onCorrections(listener) {
    this.addEventListener("corrections", (event) => listener(/** @type {CustomEvent<Correction[]>} */ (event).detail));
  }

  /** @param {(hint: Problem) => void} listener called once with each thing that the server suspects of the audio */
  onHint(listener) {
    this.addEventListener("hint", (event) => listener(/** @type {CustomEvent<Problem>} */ (event).detail));
  }

  get source() {
    return this.#options.source;
  }

  get numSpeakers() {
    return this.#options.numSpeakers;
  }

  /** How far the conversation has come, in milliseconds. */
  get positionMs() {
    return this.source.positionMs(this.#timeline.processedMs);
  }

  /** How far the server is behind with processing. */
  get behindMs() {
    return this.state === "running" ? Math.max(0, this.positionMs - this.#timeline.processedMs) : 0;
  }

  get isOver() {
    return this.state === "done" || this.state === "failed";
  }

  /** Opens the session. */
  async start() {
    this.source.wait();
    await this.#connect();
  }

  /** Whether it is paused, or will be as soon as there is a session. */
  get isPaused() {
    return this.state === "paused" || (this.#isOpening && this.#isPausedMeanwhile);
  }

  pause() {
    if (this.state === "running") {
      this.source.pause();
      this.#lastKeepaliveAt = performance.now();
      this.#become("paused");
    } else if (this.#isOpening) {
      this.source.pause();
      this.#isPausedMeanwhile = true;
      this.#become(this.state);
    }
  }

  resume() {
    if (this.state === "paused") {
      this.source.run();
      this.#stallWatch.reset(performance.now());
      this.#become("running");
    } else if (this.#isOpening) {
      this.source.wait();
      this.#isPausedMeanwhile = false;
      this.#become(this.state);
    }
  }

  /** Asks for the report; without a connection it ends with what is known. */
  async stop() {
    if (this.isOver || this.#stopWanted) {
      return;
    }
    this.#stopWanted = true;
    if (this.state === "running" || this.state === "paused") {
      this.#lastMessageAt = performance.now();
      this.#stallWatch.reset(this.#lastMessageAt);
      this.#become("stopping");
      await this.source.finish();
    } else {
      this.#finish(this.state === "connecting" ? null : new Problem(this.#hasAllReports ? "stopped_away" : "lost"));
    }
  }

  /** Makes the next attempt to connect at once; if one is being made, the next follows soon. */
  retryNow() {
    this.#retries.hurry();
    if (this.state === "reconnecting" && this.retryAt < Infinity) {
      this.retryAt = 0;
    }
  }

  /** Does what is due; to be called many times a second. */
  tick() {
    const now = performance.now();
    if (this.state === "reconnecting" && now >= this.retryAt) {
      this.retryAt = Infinity;
      this.#connect();
    } else if (this.#connection !== null) {
      if (this.state === "running" || this.state === "stopping") {
        this.#send(this.#connection, now);
      } else if (this.state === "paused") {
        this.#keepAlive(this.#connection, now);
      }
    }
  }

  // -- connecting --

  get #isOpening() {
    return this.state === "connecting" || this.state === "reconnecting";
  }

  async #connect() {
    const { base, token, numSpeakers } = this.#options;
    let terms, remembered;
    try {
      [terms, remembered] = await Promise.all([askForAdmission(base, token), this.#remembered()]);
    } catch (error) {
      this.#onRefused(asProblem(error));
      return;
    }
    if (this.isOver) {
      return;
    }
    const { limits, knownVoices: offer } = terms;
    this.#limits = limits;
    this.#error = null;
    this.#hasRemembered = remembered.length > 0;
    this.voiceOffer = this.#withheld === "all voices" ? null : offer;
    const knownVoices = this.#recognition.introduce(remembered, this.voiceOffer);
    const options = { token, numSpeakers, maxFrameBytes: limits.maxFrameBytes, knownVoices };
    const connection = new Connection(sessionUrl(base), options, {
      onMessage: (message) => this.#connection === connection && this.#receive(message),
      onEnd: (end) => this.#connection === connection && this.#onEnd(end),
    });
    this.#connection = connection;
  }

  /** The voices to recognize, whatever there is of them. */
  async #remembered() {
    return this.#withheld === "nothing" ? (this.#options.remembered?.() ?? []) : [];
  }

  /** @param {Problem} problem */
  #onRefused(problem) {
    if (this.isOver) {
      return;
    }
    if (this.#part >= 0 && TEMPORARY.has(problem.code)) {
      this.#retryLater();
    } else {
      this.#finish(problem);
    }
  }

  #retryLater() {
    const retryAt = this.#retries.next(performance.now());
    if (retryAt === null) {
      this.#finish(new Problem("gave_up"));
      return;
    }
    if (this.state !== "reconnecting") {
      this.#isPausedMeanwhile = this.state === "paused";
    }
    if (!this.#isPausedMeanwhile) {
      this.source.wait();
    }
    this.retryAt = retryAt;
    this.#become("reconnecting");
  }

  /** @param {ConnectionEnd} end */
  #onEnd({ opened, started, code }) {
    this.#connection = null;
    this.speaking = null;
    const problem = this.#error ?? (opened ? null : new Problem("handshake"));
    if (this.state === "stopping") {
      const isReported = code === CLOSE_NORMAL && this.#timeline.parts[this.#part].report !== null;
      this.#finish(problem ?? (isReported ? null : new Problem("lost")));
    } else if (!started && problem !== null && AGAINST_VOICES.has(problem.code) && this.#withheld !== "all voices") {
      this.#withholdVoices(problem);
      this.#connect();
    } else if (!started) {
      this.#onRefused(problem ?? new Problem(this.#part < 0 ? "unreachable" : "handshake"));
    } else if (problem !== null && !TEMPORARY.has(problem.code)) {
      this.#finish(problem);
    } else {
      this.#retryLater();
    }
  }

  /**
   * Tells less of voices from now on: a conversation goes on without names rather than not at all.
   *
   * @param {Problem} problem why the server took no session with them
   */
  #withholdVoices({ code, detail }) {
    const areLeftOut = code !== "known_voices_off" && this.#hasRemembered;
    this.#withheld = areLeftOut ? "remembered voices" : "all voices";
    if (areLeftOut) {
      this.dispatchEvent(new CustomEvent("hint", { detail: new Problem("voices_left_out", detail) }));
    }
  }

  // -- receiving --

  /** @param {ServerMessage} message */
  #receive(message) {
    this.#lastMessageAt = performance.now();
    const timeline = this.#timeline;
    const { outbox } = this.source;
    switch (message.event) {
      case "started":
        this.#begin();
        break;
      case "speaker":
        this.#recognition.take(this.#part, message);
        this.speaking = message.currentSpeakerId === null ? null : timeline.voice(this.#part, message.currentSpeakerId).key;
        this.dispatchEvent(new Event("speaker"));
        break;
      case "timeline":
        this.#recognition.take(this.#part, message);
        this.#announce(timeline.update(this.#part, message));
        outbox.acknowledge(Math.max(timeline.labelledMs, timeline.processedMs - SETTLED_MS));
        break;
      case "voiceprints":
        this.#recognition.take(this.#part, message);
        break;
      case "hint":
        this.#hint(message.code, message.message);
        break;
      case "report":
        this.#announce(timeline.finishPart(this.#part, this.#recognition.takeReport(this.#part, message)));
        outbox.acknowledge(timeline.processedMs);
        break;
      case "error":
        this.#error = new Problem(message.code, message.message ?? "");
        break;
    }
  }

  #begin() {
    this.#part = this.#timeline.beginPart(this.source.outbox.rewind());
    this.#retries.reset();
    this.#lastKeepaliveAt = performance.now();
    this.#stallWatch.reset(this.#lastKeepaliveAt, 0);
    if (this.#isPausedMeanwhile) {
      this.#become("paused");
    } else {
      this.source.run();
      this.#become("running");
    }
  }

  /** @param {Correction[]} corrections */
  #announce(corrections) {
    this.dispatchEvent(new CustomEvent("corrections", { detail: corrections }));
  }

  /**
   * @param {string} code
   * @param {string} detail
   */
  #hint(code, detail) {
    if (!this.#hinted.has(code)) {
      this.#hinted.add(code);
      this.dispatchEvent(new CustomEvent("hint", { detail: new Problem("hint", detail) }));
    }
  }

  // -- sending --

  /**
   * @param {Connection} connection
   * @param {number} now
   */
  #send(connection, now) {
    const { outbox } = this.source;
    while (connection.isOpen && connection.bufferedBytes < MAX_BUFFERED_BYTES && !this.#isCutOff) {
      const frame = outbox.next();
      if (frame === null) {
        break;
      }
      if (frame instanceof Int16Array) {
        connection.sendAudio(frame);
      } else {
        connection.sendGap(frame.gapMs);
      }
    }
    const isMute = this.state === "stopping" && now - this.#lastMessageAt > REPORT_TIMEOUT_MS;
    if (this.#stallWatch.isStalled(connection, now) || isMute) {
      connection.abandon();
    }
    if (this.state === "running" && outbox.isOver) {
      this.stop();
    }
    if (this.state === "stopping" && connection.isOpen && !this.#isStopSent && (outbox.isOver || this.#isCutOff)) {
      this.#isStopSent = true;
      connection.stop();
    }
  }

  /** Whether the rest is not sent: a file that was stopped is not heard to its end. */
  get #isCutOff() {
    return this.#stopWanted && this.source.kind === "file";
  }

  /**
   * Says that there is still somebody, so that the server does not end a session that is paused.
   *
   * @param {Connection} connection
   * @param {number} now
   */
  #keepAlive(connection, now) {
    if (connection.isOpen && now - this.#lastKeepaliveAt > this.#keepaliveMs) {
      this.#lastKeepaliveAt = now;
      connection.keepAlive();
    }
  }

  get #keepaliveMs() {
    const idleTimeoutMs = (this.#limits?.idleTimeoutSeconds ?? Infinity) * 1000;
    return Math.min(KEEPALIVE_MS, idleTimeoutMs / 3);
  }

  // -- the end --

  /** @param {Problem | null} problem */
  #finish(problem) {
    this.problem = problem;
    this.isComplete = this.#hasAllReports;
    this.speaking = null;
    const connection = this.#connection;
    this.#connection = null;
    connection?.abandon();
    this.source.finish();
    this.#become(this.#part < 0 ? "failed" : "done");
  }

  get #hasAllReports() {
    const { parts } = this.#timeline;
    return parts.length > 0 && parts.every((part) => part.report !== null);
  }

  /** @param {State} state */
  #become(state) {
    this.state = state;
    this.dispatchEvent(new Event("change"));
  }
}
