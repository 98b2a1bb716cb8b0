// The screen of a conversation, while it runs and when its report is there.

import { save } from "../export/saving.js";
import { Announcer } from "../view/announcer.js";
import { CorrectionsView } from "../view/corrections-view.js";
import { byId, setAttribute } from "../view/dom.js";
import { LiveView } from "../view/live-view.js";
import { ReportView } from "../view/report-view.js";
import { SpeakersView } from "../view/speakers-view.js";
import { TimelineView } from "../view/timeline-view.js";

/**
 * @import { Conversation } from "../conversation.js"
 * @import { FileKind } from "../export/saving.js"
 * @import { Correction } from "../model/corrections.js"
 * @import { People } from "../model/people.js"
 * @import { Speaker } from "../model/summary.js"
 * @import { VoiceKeeping } from "./voice-keeping.js"
 */

/** Shortest time between pictures: smooth enough for what moves slowly, and easy on a telephone's battery. */
const PICTURE_MS = 66;
/** Time between pictures in a tab that is hidden, of which only the title is seen. */
const HIDDEN_PICTURE_MS = 1000;
/** Shortest rest after a picture as a multiple of the time that it took: one of many hours takes long. */
const REST = 20;

export class SessionScreen {
  onAgain = () => {};
  /** @type {(error: unknown) => void} */
  onError = () => {};

  /**
   * What is shown, null while the screen is closed.
   *
   * @type {Conversation | null}
   */
  #conversation = null;
  #drawnAt = 0;
  #drawingMs = 0;

  #live = new LiveView();
  #speakers = new SpeakersView();
  #timeline = new TimelineView(() => this.#drawTimeline());
  #corrections = new CorrectionsView();
  #report = new ReportView();
  #announcer = new Announcer();
  #voices;

  /** @param {VoiceKeeping} voices */
  constructor(voices) {
    this.#voices = voices;
    this.#speakers.onRemember = (number) => this.#remember(number);
    this.#speakers.onForget = (number) => this.#forget(number);
    this.#speakers.onRename = (number, name) => this.#change((people) => people.rename(number, name));
    this.#speakers.onAssign = (voice, number) => this.#change((people) => people.assign(voice, number));
    this.#report.onSave = (kind) => this.#save(kind);
    this.#report.onAgain = () => this.onAgain();
  }

  /** @param {Conversation} conversation that has just begun */
  open(conversation) {
    this.#conversation = conversation;
    this.#report.hidden = true;
    byId("live").hidden = false;
    byId("announce-option").hidden = false;
    byId("session").hidden = false;
    this.#live.reset();
    this.#speakers.clear();
    this.#timeline.reset();
    this.#corrections.reset();
    this.#announcer.reset();
    this.#live.focus();
  }

  close() {
    this.#conversation = null;
    byId("session").hidden = true;
  }

  /** Whether the picture is old enough to be drawn again. */
  get isDue() {
    const rest = Math.max(document.hidden ? HIDDEN_PICTURE_MS : PICTURE_MS, REST * this.#drawingMs);
    return performance.now() - this.#drawnAt >= rest;
  }

  render() {
    if (this.#conversation === null) {
      return;
    }
    const begin = performance.now();
    const { breaks, durationMs, isOver, lateVoices, people, recognition, speakers, timeline, tracking } = this.#conversation;
    this.#live.render(this.#conversation);
    const canRemember = isOver && tracking.voiceOffer !== null;
    const keepingOf = canRemember ? (/** @type {Speaker} */ speaker) => this.#voices.keepingOf(speaker, recognition) : null;
    this.#speakers.render(speakers, { lateVoices, breaks, isAcrossBreaks: recognition.isAcrossBreaks, keepingOf });
    const isCertain = lateVoices.every((voice) => voice.number !== voice.own);
    const togetherMs = isOver ? this.#conversation.togetherMs : 0;
    this.#report.render(speakers, durationMs, isCertain, togetherMs, timeline.others);
    this.#drawTimeline(speakers);
    this.#drawnAt = performance.now();
    this.#drawingMs = this.#drawnAt - begin;
    if (tracking.state === "running") {
      this.#announcer.update(this.#live.speaking, people);
    }
  }

  /** @param {number} peak within [0, 1] */
  showLevel(peak) {
    this.#live.showLevel(peak);
  }

  /** Shows who speaks after a message about it: at once where it is somebody else. */
  showSpeaker() {
    if (this.#conversation !== null && this.#live.update(this.#conversation.speakingNumber)) {
      this.render();
    }
  }

  /** @param {Correction[]} corrections */
  showCorrections(corrections) {
    if (this.#conversation !== null) {
      const named = this.#conversation.named(corrections);
      this.#timeline.mark(named);
      this.#corrections.show(named, this.#conversation.people);
    }
  }

  /** Shows the report in the place of who speaks now. */
  showReport() {
    if (this.#conversation === null) {
      return;
    }
    byId("live").hidden = true;
    byId("announce-option").hidden = true;
    this.#report.hidden = false;
    this.#report.renderTable(this.#conversation.segments);
    this.#timeline.showAll(this.#conversation.durationMs);
    if (!this.#speakers.isBeingEdited) {
      this.#report.focus();
    }
    this.#announcer.say("The report is ready.");
  }

  /** @param {(people: People) => void} change */
  #change(change) {
    if (this.#conversation === null) {
      return;
    }
    change(this.#conversation.people);
    this.render();
    if (this.#conversation.isOver) {
      this.#report.renderTable(this.#conversation.segments);
    }
  }

  /** @param {number} number of the person whose voice is to be remembered */
  async #remember(number) {
    const conversation = this.#conversation;
    const speaker = conversation?.speakers.find((each) => each.number === number);
    if (conversation !== null && speaker !== undefined && (await this.#voices.remember(speaker, conversation.recognition))) {
      this.#announcer.say(`The voice of ${speaker.name} is remembered on this device.`);
    }
    this.render();
  }

  /** @param {number} number of the person whose voice is to be forgotten */
  async #forget(number) {
    const conversation = this.#conversation;
    const speaker = conversation?.speakers.find((each) => each.number === number);
    if (conversation !== null && speaker !== undefined && (await this.#voices.forgetVoiceOf(speaker, conversation.recognition))) {
      this.#announcer.say(`What was just remembered of ${speaker.label} is forgotten.`);
    }
    this.render();
  }

  /** @param {FileKind} kind */
  async #save(kind) {
    try {
      if (this.#conversation !== null) {
        await save(this.#conversation, kind);
      }
    } catch (error) {
      this.onError(error);
    }
  }

  /** @param {Speaker[]} [speakers] those of the conversation, where they are known */
  #drawTimeline(speakers) {
    const conversation = this.#conversation;
    if (conversation !== null) {
      const shown = speakers ?? conversation.speakers;
      this.#timeline.render(conversation.scene(shown), conversation.isOver);
      setAttribute(byId("canvas"), "aria-label", describe(shown));
    }
  }
}

/**
 * The timeline in words.
 *
 * @param {Speaker[]} speakers
 */
function describe(speakers) {
  const words = speakers.map(({ label, share }) => `${label} ${Math.round(share * 100)} percent`);
  return words.length === 0 ? "Timeline; nobody has been heard" : `Timeline: ${words.join(", ")}`;
}
