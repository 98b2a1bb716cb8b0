// Sends what an outbox gives out over a connection, and finds out where nothing leaves the page any more.

import { StallWatch } from "../net/stall-watch.js";

/**
 * @import { Connection } from "../net/connection.js"
 * @import { Outbox } from "./source.js"
 */

/** Most bytes left to the browser to send: with more, a stop would be late. */
const MAX_BUFFERED_BYTES = 128 * 1024;
const KEEPALIVE_MS = 20_000;

export class Sender {
  #stallWatch = new StallWatch();
  #lastKeepaliveAt = 0;

  /**
   * Begins with a new connection.
   *
   * @param {number} now in milliseconds
   */
  begin(now) {
    this.#stallWatch.reset(now, 0);
    this.#lastKeepaliveAt = now;
  }

  /**
   * Nothing is sent for a while.
   *
   * @param {number} now in milliseconds
   */
  pause(now) {
    this.#lastKeepaliveAt = now;
  }

  /**
   * Goes on after a while in which nothing was sent.
   *
   * @param {number} now in milliseconds
   */
  goOn(now) {
    this.#stallWatch.reset(now);
  }

  /**
   * Sends what is due; gives a connection up that is dead although it has not ended.
   *
   * @param {Connection} connection
   * @param {Outbox} outbox
   * @param {number} now in milliseconds
   */
  send(connection, outbox, now) {
    while (connection.isOpen && connection.bufferedBytes < MAX_BUFFERED_BYTES) {
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
    if (this.#stallWatch.isStalled(connection, now)) {
      connection.abandon();
    }
  }

  /**
   * Says that there is still somebody, so that the server does not end a session that is paused.
   *
   * @param {Connection} connection
   * @param {number} idleTimeoutSeconds of the server
   * @param {number} now in milliseconds
   */
  keepAlive(connection, idleTimeoutSeconds, now) {
    const intervalMs = Math.min(KEEPALIVE_MS, (idleTimeoutSeconds * 1000) / 3);
    if (connection.isOpen && now - this.#lastKeepaliveAt > intervalMs) {
      this.#lastKeepaliveAt = now;
      connection.keepAlive();
    }
  }
}
