// The application: what the user does, what the server says, and which views show it.

import { Attempt, CalledOff } from "./attempt.js";
import { Microphone } from "./audio/microphone.js";
import { Playback } from "./audio/playback.js";
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
import { byId, setAttribute } from "./view/dom.js";
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
/** So many times as long as a picture took to draw passes before the next: one of many hours takes its time. */
const REST = 20;
/** Of a tab that is hidden only the title is seen. */
const HIDDEN_PICTURE_MS = 1000;

export class App {
  #conversation = null;
  /** To start a conversation; null where none is being started. */
  #attempt = null;
  #microphone = new Microphone();
  #ticker = null;
  #wakeLock = new WakeLock();
  #drawnAt = 0;
  #drawingMs = 0;

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
    this.#setup.onCancel = () => this.#cancel();
    this.#setup.onCheck = () => this.#checkMicrophone();
    this.#setup.onDevice = () => this.#microphone.isWanted && this.#checkMicrophone();
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
    letFilesDrop(
      () => this.#setup.isShown && this.#isIdle,
      (files) => this.#setup.takeFiles(files),
    );
    this.#setup.hidden = false;
    this.#lookAtServer();
  }

  get #isLive() {
    return this.#conversation !== null && !this.#conversation.isOver;
  }

  get #isIdle() {
    return this.#conversation === null && this.#attempt === null;
  }

  // -- before a conversation --

  /** Finds out early whether a token is needed, and whether there is a server at all. */
  async #lookAtServer() {
    try {
      await askForAdmission(byId("token").value);
    } catch (problem) {
      // Whoever has started meanwhile, or is past that, is told otherwise.
      if (this.#isIdle) {
        this.#showRefusal(asProblem(problem));
      }
    }
  }

  async #checkMicrophone() {
    this.#notices.clear();
    this.#microphone.onFrame = (_, peak) => this.#setup.showLevel(peak);
    try {
      await this.#openMicrophone();
    } catch (error) {
      this.#showUnlessCalledOff(error);
    }
  }

  /** Opens the microphone that is chosen, in the place of one that is open or just being opened. */
  async #openMicrophone() {
    this.#microphone.onLost = (problem) => this.#onMicrophoneLost(problem);
    await this.#microphone.open(this.#setup.deviceId);
    // Only now are their names told.
    this.#setup.listDevices();
  }

  async #start(choice) {
    const attempt = new Attempt();
    this.#attempt = attempt;
    this.#notices.clear();
    // Made now: some browsers let sound begin by a press only, and forget the press while they wait.
    const playback = choice.file !== null && choice.isPaced ? new Playback() : null;
    try {
      const source = await this.#source(choice, attempt, playback);
      this.#notices.clear();
      this.#listen(new Conversation({ ...choice, source }));
    } catch (error) {
      playback?.close();
      if (this.#attempt === attempt) {
        this.#setup.busy = null;
        this.#showUnlessCalledOff(error);
      }
    } finally {
      this.#attempt = this.#attempt === attempt ? null : this.#attempt;
    }
  }

  async #source({ token, file, isPaced }, attempt, playback) {
    this.#setup.busy = "Connecting …";
    await attempt.step(askForAdmission(token));
    const source = file === null ? this.#microphoneSource(attempt) : this.#fileSource(file, isPaced, playback);
    return attempt.step(source);
  }

  async #microphoneSource(attempt) {
    this.#setup.busy = "Opening microphone …";
    await attempt.step(this.#microphone.settled());
    if (!this.#microphone.isAlive) {
      await attempt.step(this.#openMicrophone());
    }
    return new MicrophoneSource(this.#microphone, (peak) => this.#isLive && this.#live.showLevel(peak));
  }

  async #fileSource(file, isPaced, playback) {
    this.#setup.busy = "Reading the file …";
    this.#microphone.close();
    this.#setup.hideLevel();
    return new FileSource(file.name, await readSoundFile(file), isPaced, playback);
  }

  /** Nobody can be made to answer whether a page may use the microphone, and servers may take their time. */
  #cancel() {
    this.#attempt?.callOff();
    this.#attempt = null;
    this.#microphone.close();
    this.#setup.busy = null;
    this.#setup.hideLevel();
    this.#conversation?.tracking.stop();
  }

  // -- a conversation --

  #listen(conversation) {
    this.#conversation = conversation;
    const { tracking } = conversation;
    tracking.addEventListener("change", () => this.#onChange());
    tracking.addEventListener("speaker", () => this.#onSpeaker());
    tracking.addEventListener("corrections", ({ detail }) => this.#showCorrections(detail));
    this.#ticker = new Ticker(() => this.#tick());
    this.#wakeLock.wanted = true;
    this.#setup.busy = "Connecting …";
    tracking.start();
    this.#onChange();
  }

  /** Who begins to speak is shown at once. */
  #onSpeaker() {
    const { shown } = this.#live;
    if (this.#live.hear(this.#conversation.speakingNumber) !== shown) {
      this.#render();
    }
  }

  #tick() {
    const { tracking } = this.#conversation;
    tracking.tick();
    if (tracking.source.isStuckAtTick()) {
      this.#microphone.close();
      this.#onMicrophoneLost(new Problem("microphone_stuck"));
    }
    const pause = Math.max(document.hidden ? HIDDEN_PICTURE_MS : PICTURE_MS, REST * this.#drawingMs);
    if (!tracking.isOver && performance.now() - this.#drawnAt >= pause) {
      this.#render();
    }
  }

  #togglePause() {
    const { tracking } = this.#conversation;
    if (tracking.isPaused) {
      this.#resume(tracking);
    } else {
      tracking.pause();
    }
  }

  async #resume(tracking) {
    this.#notices.clear();
    try {
      if (tracking.source.kind === "microphone" && !this.#microphone.isAlive) {
        // The one that was chosen may not be there any more.
        await this.#setup.listDevices();
        await this.#openMicrophone();
      }
      tracking.resume();
    } catch (error) {
      this.#showUnlessCalledOff(error);
    }
  }

  #onMicrophoneLost(problem) {
    this.#notices.show(problem);
    if (this.#isLive) {
      this.#conversation.tracking.pause();
    } else {
      this.#microphone.close();
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
    if (this.#conversation === null) {
      return;
    }
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
    const begin = performance.now();
    const { speakers, people, tracking } = conversation;
    this.#live.render(tracking, people);
    this.#speakers.render(speakers, conversation.lateVoices, conversation.breaks);
    const isCertain = conversation.lateVoices.every((voice) => voice.number !== voice.own);
    this.#report.render(speakers, conversation.durationMs, isCertain);
    this.#drawTimeline(speakers);
    this.#drawnAt = performance.now();
    this.#drawingMs = this.#drawnAt - begin;
    if (tracking.state === "running") {
      this.#announcer.hear(byId("now").hasAttribute("data-quiet") ? null : byId("now-name").textContent);
    }
  }

  #drawTimeline(speakers = this.#conversation?.speakers) {
    if (speakers !== undefined) {
      this.#timeline.render(this.#conversation.scene(speakers), this.#conversation.isOver);
      setAttribute(byId("canvas"), "aria-label", describe(speakers));
    }
  }

  // -- the end --

  #release() {
    this.#ticker?.close();
    this.#ticker = null;
    this.#wakeLock.wanted = false;
    this.#setup.busy = null;
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

  #showUnlessCalledOff(error) {
    if (!(error instanceof CalledOff)) {
      this.#showRefusal(asProblem(error));
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
    if (!this.#speakers.isBeingEdited) {
      this.#report.focus();
    }
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
