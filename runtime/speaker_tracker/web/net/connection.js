// One session over one WebSocket, from the handshake to its end, or until the connection is lost.

import { CLOSE_ABNORMAL, gapCommand, keepAliveCommand, parseMessage, resumeCommand, startCommand, stopCommand } from "./protocol.js";

/** @import { KnownVoice, ServerMessage } from "./messages.js" */

/**
 * How a connection ended.
 *
 * @typedef {object} ConnectionEnd
 * @property {boolean} opened whether there was a connection at all
 * @property {boolean} started whether there was a session
 * @property {number} code the close code
 */

/**
 * @typedef {object} ConnectionHandlers
 * @property {(message: ServerMessage) => void} onMessage called with every message, `started` or `resumed` first
 * @property {(end: ConnectionEnd) => void} onEnd called once
 */

/**
 * @typedef {object} SessionOptions
 * @property {string} [token] empty where there is none
 * @property {number} numSpeakers
 * @property {number} maxFrameBytes
 * @property {KnownVoice[] | null} [knownVoices] as of `startCommand`
 * @property {string | null} [session] one to go on with, null for another one
 */

/** Longest time from the first step to the answer to `start` or `resume`. */
const OPENING_MS = 20_000;

/**
 * The address of sessions: beside the page, whatever path a proxy has put it under.
 *
 * @param {string} base address of the page
 */
export function sessionUrl(base) {
  const url = new URL("ws/session", base);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url;
}

/**
 * What is offered as subprotocols so that the server sees the token: a page can set no headers, and addresses stand in logs. The
 * token is encoded, as a subprotocol may hold few characters.
 *
 * @param {string} token empty where there is none
 */
export function subprotocols(token) {
  if (token === "") {
    return [];
  }
  const base64 = btoa(String.fromCharCode(...new TextEncoder().encode(token)));
  return ["bearer", `base64url.${base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`];
}

export class Connection {
  #socket;
  #handlers;
  #maxFrameBytes;
  #opened = false;
  #started = false;
  #ended = false;
  /** Bytes of audio handed to the socket. */
  #queuedBytes = 0;
  #timer;

  /**
   * @param {URL} url as of `sessionUrl`
   * @param {SessionOptions} options
   * @param {ConnectionHandlers} handlers
   */
  constructor(url, { token = "", numSpeakers, maxFrameBytes, knownVoices, session = null }, handlers) {
    this.#handlers = handlers;
    this.#maxFrameBytes = maxFrameBytes;
    this.#socket = new WebSocket(url, subprotocols(token));
    this.#socket.onopen = () => {
      this.#opened = true;
      this.#socket.send(session === null ? startCommand(numSpeakers, knownVoices) : resumeCommand(session));
    };
    this.#socket.onmessage = ({ data }) => this.#receive(data);
    this.#socket.onclose = ({ code }) => this.#end(code);
    this.#timer = setTimeout(() => this.abandon(), OPENING_MS);
  }

  /** Whether anything can be sent: a socket that is lost, but whose end is still to be told, takes nothing. */
  get isOpen() {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** Bytes that wait in the browser. */
  get bufferedBytes() {
    return this.#socket.bufferedAmount;
  }

  /** Bytes of audio that have left the page. */
  get sentBytes() {
    return this.#queuedBytes - this.bufferedBytes;
  }

  /**
   * Sends audio, in frames that the server takes.
   *
   * @param {Int16Array<ArrayBuffer>} samples at 16 kHz
   */
  sendAudio(samples) {
    const step = Math.max(1, Math.floor(this.#maxFrameBytes / 2));
    for (let start = 0; start < samples.length; start += step) {
      this.#socket.send(littleEndian(samples.subarray(start, start + step)));
    }
    this.#queuedBytes += samples.length * 2;
  }

  /**
   * Says that there was no audio for a while.
   *
   * @param {number} ms whole, 1 to `MAX_GAP_MS`
   */
  sendGap(ms) {
    this.#socket.send(gapCommand(ms));
  }

  /** Keeps a session open in which nothing is sent. */
  keepAlive() {
    this.#socket.send(keepAliveCommand());
  }

  /** Asks for the report. */
  stop() {
    this.#socket.send(stopCommand());
  }

  /** Gives the connection up, as one that was lost. */
  abandon() {
    this.#end(CLOSE_ABNORMAL);
    this.#socket.close();
  }

  /** @param {string} data */
  #receive(data) {
    let message;
    try {
      message = parseMessage(data);
    } catch (error) {
      console.error("what the server sent is not the protocol", error);
      this.abandon();
      return;
    }
    if (message === null || this.#ended) {
      return;
    }
    const isFirst = message.event === "started" || message.event === "resumed";
    if (isFirst === this.#started && message.event !== "error") {
      console.error("what the server sent is out of order", message.event);
      this.abandon();
      return;
    }
    if (isFirst) {
      this.#started = true;
      clearTimeout(this.#timer);
    }
    this.#handlers.onMessage(message);
  }

  /** @param {number} code */
  #end(code) {
    if (!this.#ended) {
      this.#ended = true;
      clearTimeout(this.#timer);
      this.#handlers.onEnd({ opened: this.#opened, started: this.#started, code });
    }
  }
}

const IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/**
 * The samples as they go over the wire.
 *
 * @param {Int16Array<ArrayBuffer>} samples
 */
function littleEndian(samples) {
  if (IS_LITTLE_ENDIAN) {
    return samples;
  }
  const view = new DataView(new ArrayBuffer(samples.length * 2));
  samples.forEach((sample, index) => view.setInt16(index * 2, sample, true));
  return view;
}
