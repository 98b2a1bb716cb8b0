// What a conversation is heard from: what `Tracking` needs of a microphone or a file.

/** @typedef {{gapMs: number}} Gap a time without audio, in whole milliseconds */

/**
 * Audio on its way to the server.
 *
 * @typedef {object} Outbox
 * @property {boolean} isOver whether no more comes, and everything has been given out
 * @property {() => Int16Array<ArrayBuffer> | Gap | null} next the next frame or gap to send, null where none is due
 * @property {(ms: number) => void} label what lies before this time has its labels, and another session need not hear it
 * @property {(ms: number) => void} acknowledge what lies before this time need never be sent again
 * @property {() => number} rewind starts again for another session, behind what was labelled; returns its time
 * @property {(ms: number) => number} rewindTo goes on for the same session at this time; returns from when on the audio is kept,
 *   up to where the session is told of a gap
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
