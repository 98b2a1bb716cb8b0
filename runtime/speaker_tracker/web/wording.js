// What went wrong, in plain words: what it is, and what to do about it.

/**
 * @import { ErrorCode } from "./net/messages.js"
 * @import { RefusalReason } from "./net/admission.js"
 */

/** @typedef {[title: string, advice: string]} Words */

/** @typedef {(detail: string) => Words} Wording */

/**
 * By the code of a problem: those of this page, and all that the server has.
 *
 * @type {Record<ErrorCode | Exclude<RefusalReason, "token">, Wording> & Record<string, Wording | undefined>}
 */
const WORDING = {
  // -- this device --
  insecure_origin: () => [
    "Browsers do not give the microphone to this address",
    `A page may listen only if it was opened with https, or on the very computer that the server runs on. This one was opened at ${location.origin}. Ask whoever runs the server for an address with https. Sound files work here as well.`,
  ],
  microphone_unsupported: (detail) => [
    "The microphone cannot be used in this browser",
    `A recent Firefox, Chrome, Edge or Safari is needed. Sound files may still work. (${detail || "it lacks what this page needs"})`,
  ],
  audio_stuck: () => [
    "The sound system of this browser does not start",
    "It may need a loudspeaker or headphones, even to listen. Connect some, load the page anew, and start again.",
  ],
  microphone_denied: () => [
    "This page may not use the microphone",
    "Allow it by the symbol beside the address, and in the privacy settings of the system if it is switched off there. Then start again.",
  ],
  no_microphone: () => ["No microphone was found", "Plug one in, or switch it on, and start again. Sound files work without one."],
  microphone_gone: () => ["The microphone is gone", "It was unplugged or switched off. Connect it again, or another one, and go on."],
  microphone_busy: () => ["The microphone could not be opened", "Another program may be using it. Close that program and start again."],
  microphone_stuck: () => [
    "No sound comes from the microphone any more",
    "That happens when headphones are connected or taken away. Press Go on to open it anew.",
  ],
  microphone_interrupted: () => [
    "The system has taken the microphone away",
    "That happens with a telephone call. Go on when the call is over.",
  ],
  file_empty: (name) => [`${name} is empty`, "Choose another sound file."],
  file_too_large: (name) => [`${name} is too large for a browser`, "Cut it into parts, or use the command line: speaker-tracker stream."],
  file_unreadable: (name) => [
    `${name} is no sound that this browser can read`,
    "WAV, FLAC, MP3, M4A and Ogg usually work. A very long file can be too much for a browser: cut it into parts.",
  ],
  not_one_file: () => ["One file at a time, please", "Choose a single sound file."],

  voices_file: (detail) => ["No voices were imported from this file", detail],
  voices_not_kept: (detail) => [
    "This browser does not keep anything for this page",
    `Voices cannot be remembered here. Private windows and strict settings forbid it, and so does a full disk. (${detail})`,
  ],

  page_failed: (detail) => ["Something in this page went wrong", `Load it anew and try again. (${detail})`],

  // -- the way to the server --
  unreachable: () => [
    "The server does not answer",
    "It may be switched off, or this device may have lost its network. Check both and try again.",
  ],
  token_missing: () => ["This server asks for a token", "Enter the token that whoever runs the server has given you."],
  token_wrong: (detail) => [
    "The server does not take this token",
    `Check it for missing characters, or ask for a new one. The server said: ${detail}`,
  ],
  origin: () => [
    "The server does not take sessions from this page",
    `Its setting ALLOWED_ORIGINS has to list ${location.origin}. Tell whoever runs it.`,
  ],
  handshake: () => [
    "The connection for audio could not be opened",
    "The server answers, but WebSockets do not get through. If there is a proxy between, it has to pass them on.",
  ],
  lost: () => [
    "The connection broke, and the report never came",
    "What you see is what had been heard until then. The last seconds may be missing, and nothing is corrected any more.",
  ],
  stopped_away: () => [
    "The server was away when you stopped",
    "The report goes up to the moment at which it went.",
  ],
  gave_up: () => [
    "The server did not come back",
    "What you see is what had been heard until the connection broke. Nothing after that was kept.",
  ],

  // -- what the server says --
  hint: (detail) => ["The sound may not be what it seems", `Check where it comes from. The server said: ${detail}`],
  voices_left_out: (detail) => [
    "Remembered voices are not recognized this time",
    `The server did not take them, and the conversation goes on without. The server said: ${detail}`,
  ],
  known_voices_off: () => ["The server recognizes no voices", "Load the page anew: it then starts conversations without them."],
  voiceprint_model: (detail) => ["The remembered voices are of another voice model", `Load the page anew. The server said: ${detail}`],
  invalid_known_voices: (detail) => [
    "The server cannot use the remembered voices",
    `Forget them, or switch off that they are recognized. The server said: ${detail}`,
  ],
  server_busy: () => ["The server is full", "It takes no more sessions at the moment. Try again in a minute."],
  too_many_sessions: () => [
    "There are too many conversations from this network",
    "The server takes so many from one address only. End another one, or try again later.",
  ],
  shutting_down: () => ["The server is shutting down", "It takes no new sessions now. Try again in a minute."],
  idle_timeout: () => ["The server has ended the session, since it heard nothing for too long", "The report goes up to there."],
  start_timeout: (detail) => mismatch(detail),
  too_many_messages: (detail) => mismatch(detail),
  session_too_long: () => [
    "The session has reached the longest time that this server allows",
    "The report is complete up to there. Start again for the rest.",
  ],
  session_taken_over: () => [
    "Somebody else goes on with this conversation",
    "Another client has taken it over, and the server talks to one at a time. What had been heard until then is kept here.",
  ],
  session_unknown: () => ["The server does not know this session any more", "What had been heard until then is kept here. Start again."],
  session_incompatible: (detail) => [
    "The server cannot go on with this session",
    `What had been heard until then is kept here. Start again. The server said: ${detail}`,
  ],
  stage_failed: () => ["The server failed", "That is not your fault. What had been heard until then is kept here. Start again."],
  frame_too_large: (detail) => ["The server takes only very short pieces of audio", `Tell whoever runs it: ${detail}`],
  unsupported_audio: (detail) => mismatch(detail),
  odd_length: (detail) => mismatch(detail),
  invalid_json: (detail) => mismatch(detail),
  invalid_message: (detail) => mismatch(detail),
  unknown_action: (detail) => mismatch(detail),
  invalid_num_speakers: (detail) => mismatch(detail),
  not_started: (detail) => mismatch(detail),
  already_started: (detail) => mismatch(detail),
};

/**
 * The server did not understand the page.
 *
 * @param {string} detail
 * @returns {Words}
 */
function mismatch(detail) {
  return ["Page and server do not understand each other", `Load the page anew; it may be older than the server. The server said: ${detail}`];
}

/**
 * A server that is newer than the page says something that the page has no words for.
 *
 * @param {string} detail
 * @returns {Words}
 */
function unknown(detail) {
  return ["The server has ended the session", detail];
}

/** Something that the user has to be told. */
export class Problem extends Error {
  /**
   * @param {string} code a key of `WORDING`, or a code of a newer server
   * @param {string} [detail] what was said about it
   */
  constructor(code, detail = "") {
    super(detail);
    this.code = code;
    this.detail = detail;
  }

  /** What it is, and what to do about it. */
  get words() {
    const wording = WORDING[this.code];
    return wording === undefined ? unknown(this.detail || this.code) : wording(this.detail);
  }
}

/**
 * What was thrown, as a problem that can be told to the user.
 *
 * @param {unknown} error
 */
export function asProblem(error) {
  return error instanceof Problem ? error : new Problem("page_failed", messageOf(error));
}

/**
 * What an error says, whatever was thrown.
 *
 * @param {unknown} error
 */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}
