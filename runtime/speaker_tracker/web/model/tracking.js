// One conversation: sends what its source gives to the server, keeps what the server reports, and goes on after a break.

import { CLOSE_NORMAL } from "../net/protocol.js";
import { asProblem, Problem } from "../wording.js";
import { Opener } from "./opener.js";
import { Retries } from "./retries.js";
import { Sender } from "./sender.js";

/**
 * @import { Connection, ConnectionEnd } from "../net/connection.js"
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

/** Longest silence of the server after a stop. */
const REPORT_TIMEOUT_MS = 60_000;
/** Audio that the server processed this long ago is not sent again, whether it has been labelled or not. */
const SETTLED_MS = 5000;

/** Codes of problems that may be gone at the next attempt to connect. */
const TEMPORARY = new Set(["server_busy", "too_many_sessions", "shutting_down", "unreachable", "handshake"]);

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
  /** When it last went on with the session of before a break, by `performance.now()`. */
  wentOnAt = -Infinity;

  #options;
  #timeline;
  #recognition;
  /** @type {Connection | null} */
  #connection = null;
  #opener;
  #sender = new Sender();
  /** Index of the part of the present session, -1 before the first. */
  #part = -1;
  /**
   * What the server complained of in the present session.
   *
   * @type {Problem | null}
   */
  #error = null;
  #retries = new Retries();
  /** Whether the conversation is to be paused as soon as there is a session. */
  #isPausedMeanwhile = false;
  #stopWanted = false;
  #isStopSent = false;
  /** Codes of the hints in all sessions so far. */
  #hinted = new Set();
  #lastMessageAt = 0;

  /** @param {TrackingOptions & {timeline: Timeline, recognition: Recognition}} options */
  constructor({ timeline, recognition, ...options }) {
    super();
    this.#options = options;
    this.#timeline = timeline;
    this.#recognition = recognition;
    this.#opener = new Opener(options, recognition);
    this.#opener.onVoicesLeftOut = (problem) => this.dispatchEvent(new CustomEvent("hint", { detail: problem }));
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

  /** What the server recognizes voices by; null where it does not, or before it is known. */
  get voiceOffer() {
    return this.#opener.voiceOffer;
  }

  /** How far the conversation has come, in milliseconds. */
  get positionMs() {
    return this.source.positionMs(this.#timeline.processedMs);
  }

  /** How far the server is behind with processing. */
  get behindMs() {
    return this.state === "running" ? Math.max(0, this.positionMs - this.#timeline.processedMs) : 0;
  }

  /** Whether a stop was asked for, and the report has not come. */
  get isStopping() {
    return this.#stopWanted && !this.isOver;
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
    return this.state === "paused" || (this.#canPauseMeanwhile && this.#isPausedMeanwhile);
  }

  pause() {
    if (this.state === "running") {
      this.source.pause();
      this.#sender.pause(performance.now());
      this.#become("paused");
    } else if (this.#canPauseMeanwhile) {
      this.source.pause();
      this.#isPausedMeanwhile = true;
      this.#become(this.state);
    }
  }

  resume() {
    if (this.state === "paused") {
      this.source.run();
      this.#sender.goOn(performance.now());
      this.#become("running");
    } else if (this.#canPauseMeanwhile) {
      this.source.wait();
      this.#isPausedMeanwhile = false;
      this.#become(this.state);
    }
  }

  /**
   * Asks for the report; without a connection it ends with what is known. A report that was asked for before the connection broke
   * is waited for, unless this is called again.
   */
  async stop() {
    if (this.isOver || this.state === "stopping") {
      return;
    }
    this.#stopWanted = true;
    if (this.state === "running" || this.state === "paused") {
      this.#lastMessageAt = performance.now();
      this.#sender.goOn(this.#lastMessageAt);
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
        this.#sender.keepAlive(this.#connection, this.#opener.idleTimeoutSeconds, now);
      }
    }
  }

  // -- connecting --

  /** Whether it can be paused, and can go on, from when there is a session. */
  get #canPauseMeanwhile() {
    return (this.state === "connecting" || this.state === "reconnecting") && !this.#stopWanted;
  }

  async #connect() {
    let opening;
    try {
      opening = await this.#opener.prepare();
    } catch (error) {
      this.#onRefused(asProblem(error));
      return;
    }
    if (this.isOver) {
      return;
    }
    this.#error = null;
    const connection = this.#opener.connect(opening, {
      onMessage: (message) => this.#connection === connection && this.#receive(message),
      onEnd: (end) => this.#connection === connection && this.#onEnd(end),
    });
    this.#connection = connection;
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

  /** @param {boolean} isSoon whether there may be another server at once */
  #retryLater(isSoon = false) {
    const now = performance.now();
    const retryAt = isSoon ? this.#retries.soon(now) : this.#retries.next(now);
    if (retryAt === null) {
      this.#finish(new Problem("gave_up"));
      return;
    }
    if (this.state !== "reconnecting") {
      this.#isPausedMeanwhile = this.state === "paused";
    }
    if (!this.#isPausedMeanwhile && !this.#stopWanted) {
      this.source.wait();
    }
    this.retryAt = retryAt;
    this.#become("reconnecting");
  }

  /** @param {ConnectionEnd} end */
  #onEnd({ opened, started, code }) {
    this.#connection = null;
    this.speaking = null;
    if (started) {
      this.#onLost(this.#error, code);
    } else {
      this.#onNotOpened(this.#error ?? new Problem(opened && this.#part < 0 ? "unreachable" : "handshake"));
    }
  }

  /**
   * @param {Problem | null} problem what the server has against the session
   * @param {number} code the close code
   */
  #onLost(problem, code) {
    const isKept = this.#opener.session !== null;
    if (problem !== null && !TEMPORARY.has(problem.code)) {
      this.#finish(problem);
    } else if (this.state === "stopping" && !isKept) {
      const isReported = code === CLOSE_NORMAL && this.#timeline.parts[this.#part].report !== null;
      this.#finish(problem ?? (isReported ? null : new Problem("lost")));
    } else {
      this.#retryLater(isKept && problem?.code === "shutting_down");
    }
  }

  /** @param {Problem} problem */
  #onNotOpened(problem) {
    const canTryAgain = this.#opener.yieldTo(problem, this.#retries.awayMs(performance.now()));
    if (!canTryAgain) {
      this.#onRefused(problem);
    } else if (this.#stopWanted) {
      // The report of that session will not come.
      this.#finish(new Problem("lost"));
    } else {
      this.#connect();
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
        this.#opener.session = message.session ?? null;
        this.#recognition.meet();
        this.#part = timeline.beginPart(outbox.rewind());
        this.#begin();
        break;
      case "resumed":
        timeline.miss(outbox.rewindTo(this.#offsetMs + message.audioMs));
        this.wentOnAt = this.#lastMessageAt;
        this.#begin();
        break;
      case "speaker":
        this.#recognition.take(this.#part, message);
        outbox.acknowledge(this.#offsetMs + (message.ackMs ?? 0));
        this.speaking = message.currentSpeakerId === null ? null : timeline.voice(this.#part, message.currentSpeakerId).key;
        this.dispatchEvent(new Event("speaker"));
        break;
      case "timeline":
        this.#recognition.take(this.#part, message);
        this.#announce(timeline.update(this.#part, message));
        this.#label(Math.max(timeline.labelledMs, timeline.processedMs - SETTLED_MS));
        break;
      case "voiceprints":
        this.#recognition.take(this.#part, message);
        break;
      case "hint":
        this.#hint(message.code, message.message);
        break;
      case "report":
        this.#announce(timeline.finishPart(this.#part, this.#recognition.takeReport(this.#part, message)));
        this.#opener.session = null;
        this.#label(timeline.processedMs);
        break;
      case "error":
        this.#error = new Problem(message.code, message.message ?? "");
        break;
    }
  }

  /** There is a session. */
  #begin() {
    this.#retries.reset();
    this.#sender.begin(this.#lastMessageAt);
    this.#isStopSent = false;
    if (this.#stopWanted) {
      this.#become("stopping");
    } else if (this.#isPausedMeanwhile) {
      this.#become("paused");
    } else {
      this.source.run();
      this.#become("running");
    }
  }

  /** Where the present session begins on the common clock. */
  get #offsetMs() {
    return this.#timeline.parts[this.#part].offsetMs;
  }

  /**
   * What has its labels is sent to no other session. The same one needs it until it says otherwise, where the server keeps it.
   *
   * @param {number} ms
   */
  #label(ms) {
    const { outbox } = this.source;
    outbox.label(ms);
    if (this.#opener.session === null) {
      outbox.acknowledge(ms);
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
    this.#sender.send(connection, outbox, now);
    if (this.state === "stopping" && now - this.#lastMessageAt > REPORT_TIMEOUT_MS) {
      // It would be as mute in a session that goes on.
      this.#opener.session = null;
      connection.abandon();
    }
    if (this.state === "running" && outbox.isOver) {
      this.stop();
    }
    if (this.state === "stopping" && connection.isOpen && !this.#isStopSent && outbox.isOver) {
      this.#isStopSent = true;
      connection.stop();
    }
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
