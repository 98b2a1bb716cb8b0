// Who is known by the voice: what sessions are told of voices, what they tell of them, and who is the same person after a break.

import { usableWith } from "../voices/remembered.js";
import { complete, isOf } from "../voices/voiceprint.js";

/**
 * @import { VoiceOffer } from "../net/admission.js"
 * @import { KnownVoice, ReportMessage, SpeakerMessage, TimelineMessage, VoiceprintsMessage } from "../net/messages.js"
 * @import { RememberedVoice } from "../voices/remembered.js"
 * @import { CompletePrint } from "../voices/voiceprint.js"
 * @import { People } from "./people.js"
 * @import { Timeline } from "./timeline.js"
 */

/**
 * Whom a name stands for in a session.
 *
 * @typedef {object} Acquaintance
 * @property {string} name under which the voice is remembered, empty where it is not
 * @property {string | null} voice key of a voice of theirs in an earlier session; null where they have not been heard
 */

/** Most voiceprints of one person in this conversation that the next session is told: the longest. */
const MAX_PRINTS = 5;
/**
 * First of the names of people without a remembered one, and of those whose names the server does not take: characters for private
 * use (Unicode, 23.5), which nobody types.
 */
const FIRST_INTERNAL = 0xe000;

export class Recognition {
  #people;
  #timeline;
  /**
   * By key of the voice.
   *
   * @type {Map<string, CompletePrint>}
   */
  #prints = new Map();
  /**
   * By the names that the present session was told.
   *
   * @type {Map<string, Acquaintance>}
   */
  #acquaintances = new Map();
  /**
   * By the names that the next session is told.
   *
   * @type {Map<string, Acquaintance>}
   */
  #introduced = new Map();

  /** @param {{people: People, timeline: Timeline}} parts */
  constructor({ people, timeline }) {
    this.#people = people;
    this.#timeline = timeline;
  }

  /** Whether the present session was told of the voices of those before. */
  get isAcrossBreaks() {
    return [...this.#acquaintances.values()].some(({ voice }) => voice !== null);
  }

  /**
   * What the next session is told: everybody who was heard in this conversation, and the newest remembered voices, as many as the
   * server takes. They count from `meet` on.
   *
   * @param {RememberedVoice[]} remembered
   * @param {VoiceOffer | null} offer null where the server recognizes no voices
   * @returns {KnownVoice[] | null} null where it is told nothing
   */
  introduce(remembered, offer) {
    this.#introduced = new Map();
    if (offer === null) {
      return null;
    }
    const usable = usableWith(remembered, offer);
    const names = new Set(usable.map(({ name }) => name));
    /** @type {Map<string, string>} */
    const told = new Map();
    const heard = this.#heard(offer).flatMap(({ name, voice, prints }) => {
      // Two people may have been given the same name; only one of them can be whom it was remembered of.
      const remembers = names.has(name) && !told.has(name) ? name : "";
      const alias = this.#acquaint({ name: remembers, voice }, offer);
      if (remembers !== "") {
        told.set(remembers, alias);
      }
      return prints.map((voiceprint) => ({ name: alias, voiceprint }));
    });
    const room = Math.max(0, offer.maxVoices - heard.length);
    const known = usable.slice(0, room).map(({ name, voiceprint }) => {
      const alias = told.get(name) ?? this.#acquaint({ name, voice: null }, offer);
      told.set(name, alias);
      return { name: alias, voiceprint };
    });
    return [...heard, ...known].slice(0, offer.maxVoices);
  }

  /** There is another session, which knows who was introduced last. */
  meet() {
    this.#acquaintances = this.#introduced;
  }

  /**
   * Takes in whom a message names, and voiceprints.
   *
   * @param {number} part index of the session
   * @param {SpeakerMessage | TimelineMessage | VoiceprintsMessage} message
   */
  take(part, message) {
    switch (message.event) {
      case "speaker":
        if (message.currentSpeakerId !== null) {
          this.#name(part, message.currentSpeakerId, message.currentName);
        }
        break;
      case "timeline":
        for (const { speakerId, name } of message.segments) {
          if (speakerId !== null) {
            this.#name(part, speakerId, name);
          }
        }
        break;
      case "voiceprints":
        for (const { id, voiceprint } of message.speakers) {
          this.#prints.set(this.#timeline.voice(part, id).key, complete(voiceprint));
        }
        break;
    }
  }

  /**
   * Takes in what a report tells of voices. Returns the report without voiceprints and with people's own names, as it may be saved.
   *
   * @param {number} part index of the session
   * @param {ReportMessage} report
   * @returns {ReportMessage}
   */
  takeReport(part, report) {
    for (const { id, name, voiceprint } of report.speakers) {
      this.#name(part, id, name);
      if (voiceprint !== undefined) {
        this.#prints.set(this.#timeline.voice(part, id).key, complete(voiceprint));
      }
    }
    const told = { ...report, speakers: report.speakers.map((speaker) => withoutPrint(this.#withOwnName(speaker))) };
    if (report.segments !== undefined) {
      told.segments = report.segments.map((segment) => this.#withOwnName(segment));
    }
    return told;
  }

  /**
   * The voiceprints of a person, the one of most speech first.
   *
   * @param {string[]} voices keys of theirs
   */
  printsOf(voices) {
    return voices.flatMap((voice) => this.#prints.get(voice) ?? []).sort((a, b) => b.seconds - a.seconds);
  }

  /**
   * Everybody of whom there is a voiceprint that the server can compare.
   *
   * @param {VoiceOffer} offer
   */
  #heard(offer) {
    this.#timeline.voices.forEach(({ key }) => this.#people.numberOf(key));
    return this.#people
      .everybody()
      .map(({ number, voices }) => ({
        name: this.#people.nameOf(number),
        voice: voices[0],
        prints: this.printsOf(voices)
          .filter((print) => isOf(print, offer))
          .slice(0, MAX_PRINTS),
      }))
      .filter(({ prints }) => prints.length > 0);
  }

  /**
   * The name by which the session knows somebody: their own, where the server takes it.
   *
   * @param {Acquaintance} acquaintance
   * @param {VoiceOffer} offer
   */
  #acquaint(acquaintance, { maxNameLength }) {
    const { name } = acquaintance;
    const isTaken = name !== "" && name.length <= maxNameLength && !/[\p{Cc}\p{Cs}\p{Co}]/u.test(name);
    const alias = isTaken ? name : String.fromCharCode(FIRST_INTERNAL + this.#introduced.size);
    this.#introduced.set(alias, acquaintance);
    return alias;
  }

  /**
   * @param {number} part
   * @param {number} id
   * @param {string | undefined} alias as the session was told it; undefined where it does not recognize the voice
   */
  #name(part, id, alias) {
    const { name = "", voice = null } = this.#acquaintances.get(alias ?? "") ?? {};
    this.#people.recognize(this.#timeline.voice(part, id).key, { name, voice });
  }

  /**
   * @template {{name?: string}} Named
   * @param {Named} named
   * @returns {Named}
   */
  #withOwnName(named) {
    const own = { ...named };
    delete own.name;
    const name = this.#acquaintances.get(named.name ?? "")?.name;
    return name ? { ...own, name } : own;
  }
}

/**
 * @template {{voiceprint?: unknown}} Speaker
 * @param {Speaker} speaker
 * @returns {Speaker}
 */
function withoutPrint(speaker) {
  const bare = { ...speaker };
  delete bare.voiceprint;
  return bare;
}
