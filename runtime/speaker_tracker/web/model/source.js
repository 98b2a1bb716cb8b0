// What a conversation is heard from: what `Tracking` needs of a microphone or a file.

/** @typedef {{gapMs: number}} Gap a time without audio, in whole milliseconds */

/**
 * Audio on its way to the server.
 *
 * @typedef {object} Outbox
 * @property {boolean} isOver whether no more comes, and everything has been given out
 * @property {() => Int16Array<ArrayBuffer> | Gap | null} next the next frame or gap to send, null where none is due
 * @property {(ms: number) => void} acknowledge what lies before this time need not be sent again
 * @property {() => number} rewind starts again behind what was acknowledged; returns its time
 */

/**
 * @typedef {object} SourceState
 * @property {string} name of the file, or `microphone`
 * @property {Outbox} outbox
 * @property {(processedMs: number) => number} positionMs how far the conversation has come, in milliseconds, with the
 *   pauses of a microphone and without those of a file;
 *   `processedMs`: up to where the server has processed it
 * @property {() => boolean} isStuckAtTick whether it gives nothing though it should; to be called with each tick
 * @property {() => void} wait there is no connection
 * @property {() => void} run
 * @property {() => void} pause
 * @property {() => Promise<void>} finish no more is wanted: what is left goes to the outbox, and the source is closed
 */

/** @typedef {SourceState & ({kind: "microphone"} | {kind: "file", durationMs: number})} Source */

export {};
