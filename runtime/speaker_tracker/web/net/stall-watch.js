// Finds out that a connection is dead although it has not ended: what is to be sent does not leave the page.

/** @import { Connection } from "./connection.js" */

/** Longest time in which nothing leaves the page although there is something to send. */
export const STALLED_MS = 20_000;

export class StallWatch {
  #sentBytes = 0;
  #lastSentAt = 0;

  /**
   * Begins with a connection that has sent nothing, or goes on after a pause.
   *
   * @param {number} now in milliseconds
   * @param {number} [sentBytes]
   */
  reset(now, sentBytes = this.#sentBytes) {
    this.#sentBytes = sentBytes;
    this.#lastSentAt = now;
  }

  /**
   * Whether the connection is dead; to be called again and again while there is something to send.
   *
   * @param {Pick<Connection, "sentBytes" | "bufferedBytes">} connection
   * @param {number} now in milliseconds
   */
  isStalled({ sentBytes, bufferedBytes }, now) {
    if (sentBytes > this.#sentBytes || bufferedBytes === 0) {
      this.reset(now, sentBytes);
    }
    return now - this.#lastSentAt > STALLED_MS;
  }
}
