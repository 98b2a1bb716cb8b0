// The application: what the user does, what the server says, and which views show it.

import { Microphone } from "./audio/microphone.js";
import { readSoundFile } from "./audio/sound-file.js";
import { Conversation } from "./conversation.js";
import { save } from "./export/saving.js";
import { FileSource } from "./model/file-source.js";
import { MicrophoneSource } from "./model/microphone-source.js";
import { askForAdmission } from "./net/admission.js";
import { Ticker } from "./ticker.js";
import { Announcer } from "./view/announcer.js";
import { ConnectionView } from "./view/connection-view.js";
import { CorrectionsView } from "./view/corrections-view.js";
import { byId } from "./view/dom.js";
import { letFilesDrop } from "./view/drop.js";
import { LiveView } from "./view/live-view.js";
import { Notices } from "./view/notices.js";
import { ReportView } from "./view/report-view.js";
import { SetupView } from "./view/setup-view.js";
import { SpeakersView } from "./view/speakers-view.js";
import { TimelineView } from "./view/timeline-view.js";
import { WakeLock } from "./wake-lock.js";
import { Problem } from "./wording.js";

/** Smooth enough for what moves slowly, and easy on a telephone's battery. */
const PICTURE_MS = 66;

export class App {
  #conversation = null;
  #microphone = new Microphone();
  /** Settles when the microphone that is being opened is open: that takes as long as the user thinks about permission. */
  #opening = null;
  #ticker = null;
  #wakeLock = new WakeLock();
  #drawnAt = 0;

  #notices = new Notices();
  #setup = new SetupView();
  #connection = new ConnectionView();
  #live = new LiveView();
  #speakers = new SpeakersView();
  #timeline = new TimelineView(() => this.#drawTimeline());
  #corrections = new CorrectionsView();
  #report = new ReportView();
  #announcer = new Announcer();

  /** Shows the page. */
  begin() {
    this.#setup.onStart = (choice) => this.#start(choice);
    this.#setup.onCheck = () => this.#checkMicrophone();
    this.#setup.onDevice = () => this.#isMicrophoneWanted && this.#checkMicrophone();
    this.#setup.onProblem = (problem) => this.#notices.show(problem);
    this.#speakers.onRename = (number, name) => this.#change((people) => people.rename(number, name));
    this.#speakers.onAssign = (voice, number) => this.#change((people) => people.assign(voice, number));
    this.#report.onSave = (kind) => save(this.#conversation, kind);
    this.#report.onAgain = () => this.#showSetup();
    byId("pause").addEventListener("click", () => this.#togglePause());
    byId("stop").addEventListener("click", () => this.#conversation?.tracking.stop());
    byId("retry").addEventListener("click", () => this.#conversation.tracking.retryNow());
    addEventListener("online", () => this.#conversation?.tracking.retryNow());
    addEventListener("beforeunload", (event) => this.#isLive && event.preventDefault());
    letFilesDrop((files) => this.#setup.isShown && this.#setup.takeFiles(files));
    this.#setup.hidden = false;
    this.#lookAtServer();
  }

  get #isLive() {
    return this.#conversation !== null && !this.#conversation.isOver;
  }

  // -- before a conversation --

  /** Finds out early whether a token is needed, and whether there is a server at all. */
  async #lookAtServer() {
    try {
      await askForAdmission(byId("token").value);
    } catch (problem) {
      this.#showRefusal(asProblem(problem));
    }
  }

  get #isMicrophoneWanted() {
    return this.#microphone.isOpen || this.#opening !== null;
  }

  async #checkMicrophone() {
    this.#notices.clear();
    this.#microphone.onFrame = (_, peak) => this.#setup.showLevel(peak);
    try {
      await this.#openMicrophone();
    } catch (problem) {
      this.#notices.show(problem);
    }
  }

  /** Opens the microphone that is chosen, after one that is just being opened. */
  #openMicrophone() {
    const opened = Promise.resolve(this.#opening).then(() => this.#reopenMicrophone());
    const settled = opened
      .catch(() => {})
      .then(() => {
        this.#opening = this.#opening === settled ? null : this.#opening;
      });
    this.#opening = settled;
    return opened;
  }

  async #reopenMicrophone() {
    this.#microphone.close();
    this.#microphone.onLost = (problem) => this.#onMicrophoneLost(problem);
    await this.#microphone.open(this.#setup.deviceId);
    // Only now are their names told.
    this.#setup.listDevices();
  }

  async #start({ numSpeakers, token, file, isPaced }) {
    this.#notices.clear();
    this.#setup.busy = true;
    try {
      await askForAdmission(token);
      const source = file === null ? await this.#microphoneSource() : await this.#fileSource(file, isPaced);
      this.#listen(new Conversation({ source, numSpeakers, token }));
    } catch (problem) {
      this.#setup.busy = false;
      this.#showRefusal(asProblem(problem));
    }
  }

  async #microphoneSource() {
    await this.#opening;
    if (!this.#microphone.isOpen) {
      await this.#openMicrophone();
    }
    return new MicrophoneSource(this.#microphone, (peak) => this.#isLive && this.#live.showLevel(peak));
  }

  async #fileSource(file, isPaced) {
    await this.#opening;
    this.#microphone.close();
    return new FileSource(file.name, await readSoundFile(file), isPaced);
  }

  // -- a conversation --

  #listen(conversation) {
    this.#conversation = conversation;
    const { tracking } = conversation;
    tracking.addEventListener("change", () => this.#onChange());
    tracking.addEventListener("speaker", () => this.#live.hear(conversation.speakingNumber));
    tracking.addEventListener("corrections", ({ detail }) => this.#showCorrections(detail));
    this.#ticker = new Ticker(() => this.#tick());
    this.#wakeLock.wanted = true;
    tracking.start();
    this.#onChange();
  }

  #tick() {
    const { tracking } = this.#conversation;
    tracking.tick();
    if (!tracking.isOver && performance.now() - this.#drawnAt >= PICTURE_MS) {
      this.#render();
    }
  }

  #togglePause() {
    const { tracking } = this.#conversation;
    if (tracking.state === "running") {
      tracking.pause();
    } else if (tracking.state === "paused") {
      this.#resume(tracking);
    }
  }

  async #resume(tracking) {
    this.#notices.clear();
    try {
      if (tracking.source.kind === "microphone" && !this.#microphone.isAlive) {
        await this.#openMicrophone();
      }
      tracking.resume();
    } catch (problem) {
      this.#notices.show(problem);
    }
  }

  #onMicrophoneLost(problem) {
    this.#notices.show(problem);
    if (this.#isLive) {
      this.#conversation.tracking.pause();
    } else {
      this.#setup.hideLevel();
    }
  }

  #onChange() {
    const { tracking } = this.#conversation;
    if (tracking.state === "failed") {
      this.#fail(tracking.problem);
    } else if (tracking.state === "done") {
      this.#showReport();
    } else if (tracking.state !== "connecting" && this.#setup.isShown) {
      this.#showSession();
    }
    this.#render();
  }

  #showSession() {
    this.#setup.hidden = true;
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

  #showCorrections(corrections) {
    const named = this.#conversation.named(corrections);
    this.#timeline.mark(named);
    this.#corrections.show(named, this.#conversation.people);
  }

  #change(change) {
    change(this.#conversation.people);
    this.#render();
    if (this.#conversation.isOver) {
      this.#report.renderTable(this.#conversation.segments);
    }
  }

  #render() {
    const conversation = this.#conversation;
    this.#connection.render(conversation?.tracking);
    if (conversation === null || byId("session").hidden) {
      return;
    }
    this.#drawnAt = performance.now();
    const { speakers, people, tracking } = conversation;
    this.#live.render(tracking, people);
    this.#speakers.render(speakers, conversation.lateVoices, conversation.breaks);
    const isCertain = conversation.lateVoices.every((voice) => voice.number !== voice.own);
    this.#report.render(speakers, conversation.durationMs, isCertain);
    this.#drawTimeline(speakers);
    if (tracking.state === "running") {
      this.#announcer.hear(byId("now").hasAttribute("data-quiet") ? null : byId("now-name").textContent);
    }
  }

  #drawTimeline(speakers = this.#conversation?.speakers) {
    if (speakers !== undefined) {
      this.#timeline.render(this.#conversation.scene(speakers), this.#conversation.isOver);
      byId("canvas").setAttribute("aria-label", describe(speakers));
    }
  }

  // -- the end --

  #release() {
    this.#ticker?.close();
    this.#ticker = null;
    this.#wakeLock.wanted = false;
    this.#setup.busy = false;
    this.#setup.hideLevel();
    document.title = "Speaker Tracker";
  }

  #fail(problem) {
    this.#release();
    this.#conversation = null;
    if (problem !== null) {
      this.#showRefusal(asProblem(problem));
    }
  }

  #showRefusal(problem) {
    this.#notices.show(problem);
    if (problem.code === "token_missing" || problem.code === "token_wrong") {
      this.#setup.askForToken();
    }
  }

  #showReport() {
    this.#release();
    const conversation = this.#conversation;
    if (conversation.tracking.problem !== null) {
      this.#notices.show(conversation.tracking.problem);
    }
    byId("live").hidden = true;
    byId("announce-option").hidden = true;
    this.#report.hidden = false;
    this.#report.renderTable(conversation.segments);
    this.#timeline.showAll(conversation.durationMs);
    this.#report.focus();
    this.#announcer.say("The report is ready.");
  }

  #showSetup() {
    this.#conversation = null;
    this.#notices.clear();
    byId("session").hidden = true;
    this.#setup.hidden = false;
    this.#setup.focus();
    this.#render();
  }
}

function describe(speakers) {
  const words = speakers.map(({ label, share }) => `${label} ${Math.round(share * 100)} percent`);
  return words.length === 0 ? "Timeline; nobody has been heard" : `Timeline: ${words.join(", ")}`;
}

function asProblem(error) {
  return error instanceof Problem ? error : new Problem("page_failed", error.message);
}
