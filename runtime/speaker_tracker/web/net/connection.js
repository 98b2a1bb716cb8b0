// One session over one WebSocket, from the handshake to its end.

import { parseMessage, startCommand, STOP_COMMAND } from "./protocol.js";

/** From the first step to the answer to `start`. */
const OPENING_MS = 20_000;

/** Where sessions are opened: beside the page, whatever path a proxy has put it under. */
export function sessionUrl(base, token) {
  const url = new URL("ws/session", base);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  if (token !== "") {
    url.searchParams.set("token", token);
  }
  return url;
}

/**
 * `handlers.onMessage(message)` hears every message, `started` first; then `handlers.onEnd(end)` is called once, with
 * `opened`: whether there was a connection at all, `started`: whether there was a session, and the close `code`.
 */
export class Connection {
  #socket;
  #handlers;
  #maxFrameBytes;
  #opened = false;
  #started = false;
  #ended = false;
  #sentBytes = 0;
  #timer;

  constructor(url, { numSpeakers, maxFrameBytes }, handlers) {
    this.#handlers = handlers;
    this.#maxFrameBytes = maxFrameBytes;
    this.#socket = new WebSocket(url);
    this.#socket.onopen = () => {
      this.#opened = true;
      this.#socket.send(startCommand(numSpeakers));
    };
    this.#socket.onmessage = ({ data }) => this.#hear(data);
    this.#socket.onclose = ({ code }) => this.#end(code);
    this.#timer = setTimeout(() => this.abandon(), OPENING_MS);
  }

  /** Whether anything can be sent: a socket that is lost, but whose end is still to be told, takes nothing. */
  get isOpen() {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** Bytes that wait to be sent. */
  get waiting() {
    return this.#socket.bufferedAmount;
  }

  /** Bytes of audio that have left the page. */
  get gone() {
    return this.#sentBytes - this.waiting;
  }

  /** `samples`: Int16Array. */
  sendAudio(samples) {
    const step = Math.max(1, Math.floor(this.#maxFrameBytes / 2));
    for (let start = 0; start < samples.length; start += step) {
      this.#socket.send(littleEndian(samples.subarray(start, start + step)));
    }
    this.#sentBytes += samples.length * 2;
  }

  /** Asks for the report. */
  stop() {
    this.#socket.send(STOP_COMMAND);
  }

  /** Gives the connection up, as one that was lost. */
  abandon() {
    this.#end(1006);
    this.#socket.close();
  }

  #hear(data) {
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
    if ((message.event === "started") === this.#started && message.event !== "error") {
      console.error("what the server sent is out of order", message.event);
      this.abandon();
      return;
    }
    if (message.event === "started") {
      this.#started = true;
      clearTimeout(this.#timer);
    }
    this.#handlers.onMessage(message);
  }

  #end(code) {
    if (!this.#ended) {
      this.#ended = true;
      clearTimeout(this.#timer);
      this.#handlers.onEnd({ opened: this.#opened, started: this.#started, code });
    }
  }
}

const IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

function littleEndian(samples) {
  if (IS_LITTLE_ENDIAN) {
    return samples;
  }
  const view = new DataView(new ArrayBuffer(samples.length * 2));
  samples.forEach((sample, index) => view.setInt16(index * 2, sample, true));
  return view;
}
