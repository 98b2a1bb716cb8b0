// A server on this machine that answers as a test tells it to, and the browser's WebSocket for pages that run in Node.

import { createServer } from "node:http";
import { once } from "node:events";
import { WebSocket, WebSocketServer } from "ws";

/** As browsers have it: a connection that fails is told by its close event alone. */
globalThis.WebSocket = class extends WebSocket {
  constructor(url, protocols) {
    super(url, protocols);
    this.on("error", () => {});
  }
};

export const LIMITS = { idleTimeoutSeconds: 60, maxFrameBytes: 65_536, maxSessionSeconds: 3600 };

/**
 * One connection as the server sees it: `messages` are what has come, as parsed JSON or as samples.
 */
class ServerSession {
  messages = [];
  #socket;
  #waiting = [];

  constructor(socket, request) {
    this.#socket = socket;
    this.url = request.url;
    this.subprotocols = request.headers["sec-websocket-protocol"];
    socket.on("message", (data, isBinary) => {
      this.messages.push(isBinary ? new Int16Array(Uint8Array.from(data).buffer) : JSON.parse(data));
      this.#waiting = this.#waiting.filter((check) => !check());
    });
  }

  /** Samples that have come. */
  get samples() {
    return this.messages.filter((message) => message instanceof Int16Array).flatMap((frame) => [...frame]);
  }

  send(...messages) {
    for (const message of messages) {
      this.#socket.send(typeof message === "string" ? message : JSON.stringify(message));
    }
  }

  close(code) {
    this.#socket.close(code);
  }

  /** Breaks the connection without a word. */
  break() {
    this.#socket.terminate();
  }

  /** Waits until a message has come for which `matches` holds. */
  received(matches) {
    return new Promise((resolve) => {
      const check = () => {
        const found = this.messages.find(matches);
        if (found !== undefined) {
          resolve(found);
        }
        return found !== undefined;
      };
      if (!check()) {
        this.#waiting.push(check);
      }
    });
  }

  /** Waits for `start`, and answers it; `session`: the name by which it could be resumed. */
  async open(session) {
    const { num_speakers } = await this.received((message) => message.action === "start");
    this.send({ event: "started", num_speakers, session });
  }

  /** Waits for `resume`, and goes on at `audioMs`; returns the name of the session. */
  async goOn(audioMs) {
    const { session } = await this.received((message) => message.action === "resume");
    this.send({ event: "resumed", num_speakers: 2, audioMs });
    return session;
  }

  /** Refuses whatever was asked for. */
  refuse(code) {
    this.send({ event: "error", code, message: "as it was said" });
    this.close(1008);
  }
}

/**
 * Starts a server that ends with the test. `onSession` is called with each session; `admission` is what the server answers before.
 */
export async function startServer(test, { onSession = () => {}, admission = { refusal: null, limits: LIMITS } } = {}) {
  const asked = [];
  const http = createServer((request, response) => {
    asked.push({ method: request.method, url: request.url, authorization: request.headers.authorization });
    response.writeHead(admission === null ? 503 : 200, { "Content-Type": "application/json" });
    response.end(JSON.stringify(admission));
  });
  const sockets = new WebSocketServer({ server: http });
  sockets.on("connection", (socket, request) => onSession(new ServerSession(socket, request)));
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  test.after(() => {
    sockets.clients.forEach((socket) => socket.terminate());
    http.closeAllConnections();
    http.close();
  });
  return { base: `http://127.0.0.1:${http.address().port}/speakers/`, asked };
}
