// The messages of the protocol, made from asyncapi.yaml by scripts/make_message_types.py: do not edit.

/** Stable error identifiers for programs; the accompanying message is for people. */
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
  | "start_timeout"
  | "too_many_messages"
  | "too_many_sessions"
  | "server_busy"
  | "shutting_down"
  | "invalid_known_voices"
  | "voiceprint_model"
  | "known_voices_off"
  | "session_unknown"
  | "session_incompatible"
  | "session_taken_over"
  | "stage_failed";

/** Says what was wrong and what is right; the connection closes after it. */
export interface ErrorMessage {
  event: "error";
  code: ErrorCode;
  /** For people: what was wrong and what is right. */
  message: string;
}

/**
 * Says that no audio was recorded for a while, such as by a muted microphone.
 *
 * Later audio is later by `ms`, so that times stay on the wall clock; speech that is under way ends. Nothing is recognized in the
 * gap, and it does not count as audio of the session.
 */
export interface GapCommand {
  action: "gap";
  /** Length of the gap in milliseconds, at most a day. */
  ms: number;
}

/**
 * Says that the audio looks as if it were not what the server takes it for; the session goes on.
 *
 * Sent at most once for each code in a session, if `start` requested hints.
 */
export interface HintMessage {
  event: "hint";
  /** `audio_format`, `stereo` or `sample_rate`; a later server may have more. */
  code: string;
  /** For people: what the audio looks like and what is right. */
  message: string;
}

/**
 * Keeps a session open in which nothing is sent, such as one that is paused.
 *
 * Not answered. Keys that the server does not know are ignored.
 */
export interface KeepAliveCommand {
  action: "keepalive";
}

/** A person and one of their voiceprints; several with the same name are prints of the same person. */
export interface KnownVoice {
  /** What the person is called in messages. */
  name: string;
  voiceprint: Voiceprint;
}

/** Speech of voices beyond `num_speakers`, each heard for at least two seconds. */
export interface OtherVoicesTotal {
  totalTimeMs: number;
  /** Number of different voices. */
  voices: number;
}

/**
 * Total speaking time of each speaker; the last message of a session, unless an error follows.
 *
 * Answers `stop`. Also sent without it when the server shuts down (close code 1001 follows; a session that another server can
 * resume gets the error `shutting_down` instead), and before the errors `idle_timeout` and `session_too_long`; it then covers the
 * audio processed so far.
 */
export interface ReportMessage {
  event: "report";
  speakers: SpeakerTotal[];
  /** The whole final timeline without silence; present if `start` requested the timeline. */
  segments?: SegmentMessage[];
  /** Voices beyond `num_speakers` so far; present if `start` requested them and the server tells them apart. */
  others?: OtherVoicesTotal;
}

/**
 * Goes on with a session whose connection was lost, instead of `start`.
 *
 * `resumed` follows and says from where on to send audio. An earlier connection of the session is closed. Keys that the server
 * does not know are ignored.
 */
export interface ResumeCommand {
  action: "resume";
  /** What `started` had as `session`. */
  session: string;
}

/**
 * Answers `resume`: the session goes on, with the same ids, times and requests.
 *
 * What the server had said of audio after `audioMs` it says again, as it hears that audio again; the first `timeline` message
 * covers everything before.
 */
export interface ResumedMessage {
  event: "resumed";
  /** Number of voices to track. */
  num_speakers: number;
  /** Milliseconds of the session, gaps included, that are accounted for; the client sends all that came after them. */
  audioMs: number;
}

/**
 * A segment of the timeline, from `startMs` up to but not including `endMs`.
 *
 * Segments of different speakers overlap where they speak at once; those of one speaker never do.
 */
export interface SegmentMessage {
  /** Milliseconds from the beginning of the session's audio. */
  startMs: number;
  endMs: number;
  /** Numbered from 0 in order of first appearance; null: nobody tracked. */
  speakerId: number | null;
  /** Probability that the speaker is right; present if `start` requested it, somebody speaks, and it is known. */
  confidence?: number;
  /** Name of the speaker, as `start` gave it; present if they are recognized as a known voice. */
  name?: string;
}

/**
 * Current speaker, and speaking time of each speaker so far.
 *
 * Where several speak at once, `currentSpeakerId` is the most prominent of them, and the time counts for each.
 * Sent after every half second of audio, or as the server is configured.
 */
export interface SpeakerMessage {
  event: "speaker";
  /** Numbered from 0 in order of first appearance; null: nobody tracked. */
  currentSpeakerId: number | null;
  /** Milliseconds by speaker id, with a key for each speaker who has appeared. */
  speakingTimeMs: Record<string, number>;
  /** Name of the speaker, as `start` gave it; present if they are recognized as a known voice. */
  currentName?: string;
  /** Milliseconds of the session, gaps included, that never need to be sent again; present in a session that can be resumed. */
  ackMs?: number;
}

/** Total speaking time of one speaker, also while others speak at once. */
export interface SpeakerTotal {
  id: number;
  totalTimeMs: number;
  /** Name of the speaker, as `start` gave it; present if they are recognized as a known voice. */
  name?: string;
  /** How the speaker sounds; present if `start` requested it and enough of the voice was heard alone. */
  voiceprint?: Voiceprint;
}

/** The voiceprint of one speaker. */
export interface SpeakerVoiceprint {
  id: number;
  voiceprint: Voiceprint;
}

/**
 * Opens the session.
 *
 * The first message of a connection. Keys that the server does not know are ignored.
 */
export interface StartCommand {
  action: "start";
  /** Number of voices to track: the first that are heard. Written without a decimal point. */
  num_speakers?: number;
  /** Whether to send `timeline` messages, and segments with the report. */
  timeline?: boolean;
  /** Whether to tell of voices beyond `num_speakers`, in the report and in `timeline` messages. */
  others?: boolean;
  /** Whether segments of the timeline have `confidence`. */
  confidence?: boolean;
  /** Whether to send `hint` messages. */
  hints?: boolean;
  /** Whether to send `voiceprints` messages, and a voiceprint of each speaker with the report. */
  voiceprints?: boolean;
  /**
   * Voices to recognize; whoever of them speaks has a `name` in messages. A name may have several prints. The number of prints and
   * the length of names are limited by the server, and the prints must be of its voice model.
   */
  known_voices?: KnownVoice[];
  /** Whether the session is to survive its connection: `started` then has `session`, if the server keeps sessions. */
  resumable?: boolean;
  /** Samples per second that the client will send. Only 16000 is served; anything else is refused. */
  sample_rate?: number;
  /**
   * Format of the samples that the client will send. Only `pcm_s16le` is served, also spelt `s16le`, `linear16` or `pcm16`;
   * anything else is refused.
   */
  encoding?: string;
  /** Number of channels that the client will send. Only 1 is served; anything else is refused. */
  channels?: number;
}

/** Answers `start`: the session is open, and audio may come. */
export interface StartedMessage {
  event: "started";
  /** Number of voices to track. */
  num_speakers: number;
  /**
   * By this, a client that lost its connection can `resume` the session; a secret. Present if `start` requested `resumable` and the
   * server keeps sessions.
   */
  session?: string;
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
 * New or corrected segments.
 *
 * What they cover together, segments of nobody (`speakerId` null) included, replaces all speakers that earlier messages had there.
 * Sent along with `speaker` if `start` requested the timeline. Segments are empty if nothing changed.
 */
export interface TimelineMessage {
  event: "timeline";
  /** Milliseconds of audio processed when this was sent. */
  audioMs: number;
  segments: SegmentMessage[];
  /** Voices beyond `num_speakers` so far; present if `start` requested them and the server tells them apart. */
  others?: OtherVoicesTotal;
}

/**
 * How a voice sounds to a voice model: the mean embedding of a person's speech in one session.
 *
 * It is of use to servers with the same model alone. Speech cannot be made of it, but whoever has it can recognize the voice.
 */
export interface Voiceprint {
  /** Name of the voice model. */
  model: string;
  /** Version of the model's weights; those of other versions cannot be compared. */
  version?: number;
  /** The mean of embeddings of length 1, as base64 of float16 values, little-endian. */
  vector: string;
  /** Speech that it was made of. */
  seconds: number;
}

/**
 * New voiceprints of speakers, each in the place of an earlier one of the same speaker.
 *
 * Sent if `start` requested voiceprints, from time to time, so that a client that loses its connection has them: brought back as
 * `known_voices` of the next session they say who is who. Those of the report are the best.
 */
export interface VoiceprintsMessage {
  event: "voiceprints";
  speakers: SpeakerVoiceprint[];
}

export type ClientCommand = StartCommand | ResumeCommand | GapCommand | KeepAliveCommand | StopCommand;

export type ServerMessage =
  | StartedMessage
  | ResumedMessage
  | SpeakerMessage
  | TimelineMessage
  | VoiceprintsMessage
  | HintMessage
  | ReportMessage
  | ErrorMessage;
