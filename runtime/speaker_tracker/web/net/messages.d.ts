// The messages of the protocol, made from asyncapi.yaml by scripts/make_message_types.py: do not edit.

/** Stable words for programs; the message beside them is for people. */
export type ErrorCode =
  | "invalid_json"
  | "invalid_message"
  | "unknown_action"
  | "invalid_num_speakers"
  | "not_started"
  | "already_started"
  | "unsupported_audio"
  | "odd_length"
  | "frame_too_large"
  | "session_too_long"
  | "idle_timeout"
  | "server_busy"
  | "shutting_down"
  | "stage_failed";

/** Tells what was wrong and what is right; the connection closes after it. */
export interface ErrorMessage {
  event: "error";
  code: ErrorCode;
  /** For people: what was wrong and what is right. */
  message: string;
}

/**
 * Tells how long each speaker spoke in all; the last message of a session, unless an error follows.
 *
 * Answers `stop`. Also sent unasked: when the server shuts down (close code 1001 follows), and before the errors `idle_timeout`
 * and `session_too_long`; it then covers the audio that had been taken in.
 */
export interface ReportMessage {
  event: "report";
  speakers: SpeakerTotal[];
  /** The whole final timeline, silence left out; where `start` asked for the timeline. */
  segments?: SegmentMessage[];
}

/** A stretch of the timeline, from `startMs` up to but not including `endMs`. */
export interface SegmentMessage {
  /** Milliseconds from the beginning of the session's audio. */
  startMs: number;
  endMs: number;
  /** From 0 in order of first appearance; null: nobody tracked. */
  speakerId: number | null;
}

/**
 * Tells who speaks now and how long each speaker has spoken so far.
 *
 * Sent after every half second of audio, or as the server is configured.
 */
export interface SpeakerMessage {
  event: "speaker";
  /** From 0 in order of first appearance; null: nobody tracked. */
  currentSpeakerId: number | null;
  /** Milliseconds by speaker id, with a key for each speaker who has appeared. */
  speakingTimeMs: Record<string, number>;
}

/** How long one speaker spoke in all. */
export interface SpeakerTotal {
  id: number;
  totalTimeMs: number;
}

/**
 * Opens the session.
 *
 * The first message of a connection. Keys that the server does not know are ignored.
 */
export interface StartCommand {
  action: "start";
  /** How many voices are tracked: the first that are heard. Written without a decimal point. */
  num_speakers?: number;
  /** Whether to send `timeline` messages, and segments with the report. */
  timeline?: boolean;
}

/** Answers `start`: the session is open, and audio may come. */
export interface StartedMessage {
  event: "started";
  /** How many voices are tracked. */
  num_speakers: number;
}

/**
 * Ends the session.
 *
 * The report on all audio follows, and the connection closes with 1000. Keys that the server does not know are ignored.
 */
export interface StopCommand {
  action: "stop";
}

/**
 * Tells segments that are new or corrected; where a later message covers a span again, the later one holds.
 *
 * Sent along with `speaker` where `start` asked for the timeline. Segments are empty where nothing changed.
 */
export interface TimelineMessage {
  event: "timeline";
  /** How much audio had been taken in when this was sent. */
  audioMs: number;
  segments: SegmentMessage[];
}

export type ClientCommand = StartCommand | StopCommand;

export type ServerMessage = StartedMessage | SpeakerMessage | TimelineMessage | ReportMessage | ErrorMessage;
