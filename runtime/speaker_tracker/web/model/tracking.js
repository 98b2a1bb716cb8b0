// One conversation: sends what its source gives to the server, keeps what the server says, and goes on where a connection breaks.

import { askForAdmission } from "../net/admission.js";
import { Connection, sessionUrl } from "../net/connection.js";
import { CLOSE_NORMAL } from "../net/protocol.js";
import { Problem } from "../wording.js";

/** More than this is not left to the browser to send, so that a stop is heard soon. */
const MAX_WAITING_BYTES = 128 * 1024;
/** If nothing leaves the page for so long while there is something to send, the connection is dead. */
const STALLED_MS = 20_000;
/** So long the server may say nothing after a stop. */
const REPORT_MS = 60_000;
const KEEPALIVE_MS = 20_000;
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 15_000;
/** So long after a break the server is asked again and again. */
export const GIVE_UP_MS = 5 * 60_000;
/** What the server has worked on this long ago needs no second hearing, said or not. */
const CERTAIN_MS = 5000;

/** A second session may find these gone. */
const PASSING = new Set(["server_busy", "shutting_down", "unreachable", "handshake"]);

/**
 * States: `connecting`, then `running`, `paused` and `reconnecting` to and fro, `stopping`, and in the end `done` or, where there never
 * was a session, `failed`. Dispatches `change` with each state, `speaker` with each message about who speaks, and `corrections` with what
 * the server has corrected as its detail.
 */
export class Tracking extends EventTarget {
  state = "connecting";
  /** Why it ended other than by a stop; a Problem or null. */
  problem = null;
  /** Whether the report of every part is there. */
  isComplete = false;
  /** The key of the voice that speaks now, or null. */
  speaking = null;
  /** When the next attempt to connect is made: never, while one is. */
  retryAt = Infinity;

  #source;
  #timeline;
  #numSpeakers;
  #token;
  #connection = null;
  #limits = null;
  #part = -1;
  #error = null;
  #brokeAt = null;
  #attempts = 0;
  #isPausedMeanwhile = false;
  #stopWanted = false;
  #isStopSent = false;
  #gone = 0;
  #goneAt = 0;
  #heardAt = 0;
  #keptAliveAt = 0;

  constructor({ source, timeline, numSpeakers, token }) {
    super();
    this.#source = source;
    this.#timeline = timeline;
    this.#numSpeakers = numSpeakers;
    this.#token = token;
  }

  get source() {
    return this.#source;
  }

  get numSpeakers() {
    return this.#numSpeakers;
  }

  /** How far the conversation has come, in milliseconds without pauses. */
  get positionMs() {
    return this.#source.positionMs(this.#timeline.heardMs);
  }

  /** How far the server is behind with what it has to work on. */
  get behindMs() {
    return this.state === "running" ? Math.max(0, this.positionMs - this.#timeline.heardMs) : 0;
  }

  get isOver() {
    return this.state === "done" || this.state === "failed";
  }

  /** Opens the session. */
  async start() {
    this.#source.wait();
    await this.#connect();
  }

  /** Whether it is paused, or will be as soon as there is a session. */
  get isPaused() {
    return this.state === "paused" || (this.#isOpening && this.#isPausedMeanwhile);
  }

  pause() {
    if (this.state === "running") {
      this.#source.pause();
      this.#keptAliveAt = performance.now();
      this.#become("paused");
    } else if (this.#isOpening) {
      this.#source.pause();
      this.#isPausedMeanwhile = true;
      this.#become(this.state);
    }
  }

  resume() {
    if (this.state === "paused") {
      this.#source.run();
      this.#goneAt = performance.now();
      this.#become("running");
    } else if (this.#isOpening) {
      this.#source.wait();
      this.#isPausedMeanwhile = false;
      this.#become(this.state);
    }
  }

  /** Asks for the report; without a connection what is known is all there will be. */
  async stop() {
    if (this.isOver || this.#stopWanted) {
      return;
    }
    this.#stopWanted = true;
    if (this.state === "running" || this.state === "paused") {
      this.#heardAt = this.#goneAt = performance.now();
      this.#become("stopping");
      await this.#source.finish();
    } else {
      this.#finish(this.state === "connecting" ? null : new Problem(this.#hasAllReports ? "stopped_away" : "lost"));
    }
  }

  /** Does not wait for the next attempt to connect; if one is being made, the next follows soon. */
  retryNow() {
    this.#attempts = 0;
    if (this.state === "reconnecting" && this.retryAt < Infinity) {
      this.retryAt = 0;
    }
  }

  /** Whatever is to be done by time; to be called many times a second. */
  tick() {
    const now = performance.now();
    if (this.state === "reconnecting" && now >= this.retryAt) {
      this.retryAt = Infinity;
      this.#connect();
    } else if (this.state === "running" || this.state === "stopping") {
      this.#send(now);
    } else if (this.state === "paused" && this.#connection.isOpen && now - this.#keptAliveAt > this.#keepaliveMs) {
      this.#keptAliveAt = now;
      this.#connection.sendAudio(new Int16Array(1));
    }
  }

  // -- connecting --

  get #isOpening() {
    return this.state === "connecting" || this.state === "reconnecting";
  }

  async #connect() {
    try {
      this.#limits = await askForAdmission(this.#token);
    } catch (error) {
      this.#onRefused(error);
      return;
    }
    if (this.isOver) {
      return;
    }
    this.#error = null;
    const options = { numSpeakers: this.#numSpeakers, maxFrameBytes: this.#limits.maxFrameBytes };
    const connection = new Connection(sessionUrl(document.baseURI, this.#token), options, {
      onMessage: (message) => this.#connection === connection && this.#hear(message),
      onEnd: (end) => this.#connection === connection && this.#onEnd(end),
    });
    this.#connection = connection;
  }

  #onRefused(problem) {
    if (this.isOver) {
      return;
    }
    if (this.#part >= 0 && PASSING.has(problem.code)) {
      this.#retryLater();
    } else {
      this.#finish(problem);
    }
  }

  #retryLater() {
    const now = performance.now();
    this.#brokeAt ??= now;
    if (now - this.#brokeAt > GIVE_UP_MS) {
      this.#finish(new Problem("gave_up"));
      return;
    }
    if (this.state !== "reconnecting") {
      this.#isPausedMeanwhile = this.state === "paused";
    }
    if (!this.#isPausedMeanwhile) {
      this.#source.wait();
    }
    this.retryAt = now + Math.min(FIRST_RETRY_MS * 2 ** this.#attempts++, LONGEST_RETRY_MS);
    this.#become("reconnecting");
  }

  #onEnd({ opened, started, code }) {
    this.#connection = null;
    this.speaking = null;
    const problem = this.#error ?? (opened ? null : new Problem("handshake"));
    if (this.state === "stopping") {
      this.#finish(problem ?? (code === CLOSE_NORMAL && this.#timeline.parts[this.#part].report ? null : new Problem("lost")));
    } else if (!started) {
      this.#onRefused(problem ?? new Problem(this.#part < 0 ? "unreachable" : "handshake"));
    } else if (problem !== null && !PASSING.has(problem.code)) {
      this.#finish(problem);
    } else {
      this.#retryLater();
    }
  }

  // -- listening --

  #hear(message) {
    this.#heardAt = performance.now();
    switch (message.event) {
      case "started":
        this.#begin();
        break;
      case "speaker":
        this.speaking = message.currentSpeakerId === null ? null : this.#timeline.voice(this.#part, message.currentSpeakerId).key;
        this.dispatchEvent(new Event("speaker"));
        break;
      case "timeline":
        this.#tell(this.#timeline.take(this.#part, message));
        this.#source.outbox.acknowledge(Math.max(this.#timeline.saidMs, this.#timeline.heardMs - CERTAIN_MS));
        break;
      case "report":
        this.#tell(this.#timeline.takeReport(this.#part, message));
        this.#source.outbox.acknowledge(this.#timeline.heardMs);
        break;
      case "error":
        this.#error = new Problem(message.code, message.message ?? "");
        break;
    }
  }

  #begin() {
    this.#part = this.#timeline.beginPart(this.#source.outbox.rewind());
    this.#brokeAt = null;
    this.#attempts = 0;
    this.#gone = 0;
    this.#goneAt = this.#keptAliveAt = performance.now();
    if (this.#isPausedMeanwhile) {
      this.#become("paused");
    } else {
      this.#source.run();
      this.#become("running");
    }
  }

  #tell(corrections) {
    this.dispatchEvent(new CustomEvent("corrections", { detail: corrections }));
  }

  // -- sending --

  #send(now) {
    const connection = this.#connection;
    const { outbox } = this.#source;
    while (connection.isOpen && connection.waiting < MAX_WAITING_BYTES && !this.#isCutOff) {
      const frame = outbox.next();
      if (frame === null) {
        break;
      }
      connection.sendAudio(frame);
    }
    this.#watch(connection, now);
    if (this.state === "running" && outbox.isOver) {
      this.stop();
    }
    if (this.state === "stopping" && connection.isOpen && !this.#isStopSent && (outbox.isOver || this.#isCutOff)) {
      this.#isStopSent = true;
      connection.stop();
    }
  }

  /** A file that was stopped is not sent to its end. */
  get #isCutOff() {
    return this.#stopWanted && this.#source.kind === "file";
  }

  #watch(connection, now) {
    if (connection.gone > this.#gone || connection.waiting === 0) {
      this.#gone = connection.gone;
      this.#goneAt = now;
    }
    const isMute = this.state === "stopping" && now - this.#heardAt > REPORT_MS;
    if (isMute || now - this.#goneAt > STALLED_MS) {
      connection.abandon();
    }
  }

  get #keepaliveMs() {
    return Math.min(KEEPALIVE_MS, (this.#limits.idleTimeoutSeconds * 1000) / 3);
  }

  // -- the end --

  #finish(problem) {
    this.problem = problem;
    this.isComplete = this.#hasAllReports;
    this.speaking = null;
    const connection = this.#connection;
    this.#connection = null;
    connection?.abandon();
    this.#source.finish();
    this.#become(this.#part < 0 ? "failed" : "done");
  }

  get #hasAllReports() {
    const { parts } = this.#timeline;
    return parts.length > 0 && parts.every((part) => part.report !== null);
  }

  #become(state) {
    this.state = state;
    this.dispatchEvent(new Event("change"));
  }
}
