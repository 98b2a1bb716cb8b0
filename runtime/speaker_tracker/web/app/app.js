// The application: which screen is shown, and what connects the user, the conversation and the views.

import { CalledOff } from "../attempt.js";
import { Microphone } from "../audio/microphone.js";
import { Conversation } from "../conversation.js";
import { askForAdmission } from "../net/admission.js";
import { Ticker } from "../ticker.js";
import { ConnectionView } from "../view/connection-view.js";
import { byId } from "../view/dom.js";
import { letFilesDrop } from "../view/drop.js";
import { Notices } from "../view/notices.js";
import { SetupView } from "../view/setup-view.js";
import { WakeLock } from "../wake-lock.js";
import { asProblem, Problem } from "../wording.js";
import { SessionScreen } from "./session-screen.js";
import { Starting } from "./starting.js";
import { VoiceKeeping } from "./voice-keeping.js";

/**
 * @import { Source } from "../model/source.js"
 * @import { Tracking } from "../model/tracking.js"
 * @import { Choice } from "../view/setup-view.js"
 */

export class App {
  /** @type {Conversation | null} */
  #conversation = null;
  #microphone = new Microphone();
  /** @type {Ticker | null} */
  #ticker = null;
  #wakeLock = new WakeLock();

  #notices = new Notices();
  #connection = new ConnectionView();
  #setup = new SetupView();
  #voices = new VoiceKeeping();
  #screen = new SessionScreen(this.#voices);
  #starting = new Starting({ microphone: this.#microphone, notices: this.#notices, setup: this.#setup });

  /** Shows the page. */
  begin() {
    this.#microphone.onLost = (problem) => this.#onMicrophoneLost(problem);
    this.#starting.onReady = (choice, source) => this.#track(choice, source);
    this.#starting.onLevel = (peak) => this.#isLive && this.#screen.showLevel(peak);
    this.#starting.onError = (error) => this.#showError(error);
    this.#setup.onStart = (choice) => this.#starting.start(choice);
    this.#setup.onCancel = () => this.#cancel();
    this.#setup.onCheck = () => this.#starting.checkMicrophone();
    this.#setup.onDevice = () => this.#microphone.isWanted && this.#starting.checkMicrophone();
    this.#setup.onProblem = (problem) => this.#notices.show(problem);
    this.#screen.onAgain = () => this.#showSetup();
    this.#screen.onError = (error) => this.#showError(error);
    this.#voices.onError = (error) => this.#showError(error);
    byId("pause").addEventListener("click", () => this.#togglePause());
    byId("stop").addEventListener("click", () => this.#conversation?.tracking.stop());
    byId("retry").addEventListener("click", () => this.#conversation?.tracking.retryNow());
    addEventListener("online", () => this.#conversation?.tracking.retryNow());
    addEventListener("beforeunload", (event) => this.#isLive && event.preventDefault());
    letFilesDrop(
      () => this.#setup.isShown && this.#isIdle,
      (files) => this.#setup.takeFiles(files),
    );
    this.#showChoices(true);
    this.#lookAtServer();
  }

  get #isLive() {
    return this.#conversation !== null && !this.#conversation.isOver;
  }

  get #isIdle() {
    return this.#conversation === null && !this.#starting.isUnderWay;
  }

  /** Finds out early whether a token is needed, and whether there is a server at all. */
  async #lookAtServer() {
    try {
      const { knownVoices } = await askForAdmission(document.baseURI, this.#setup.token);
      this.#voices.offer = knownVoices;
    } catch (error) {
      // Whoever has started meanwhile, or is past that, is told otherwise.
      if (this.#isIdle) {
        this.#showError(error);
      }
    }
  }

  /** Nobody can be made to answer whether a page may use the microphone, and servers may take their time. */
  #cancel() {
    this.#starting.cancel();
    this.#conversation?.tracking.stop();
  }

  // -- a conversation --

  /**
   * Begins a conversation.
   *
   * @param {Choice} choice
   * @param {Source} source
   */
  #track({ numSpeakers, token }, source) {
    const conversation = new Conversation({
      base: document.baseURI,
      numSpeakers,
      token,
      source,
      remembered: () => this.#voices.toRecognize(),
    });
    const { tracking } = conversation;
    this.#conversation = conversation;
    tracking.onChange(() => this.#onChange(conversation));
    tracking.onSpeaker(() => this.#screen.showSpeaker());
    tracking.onCorrections((corrections) => this.#screen.showCorrections(corrections));
    tracking.onHint((hint) => this.#notices.show(hint));
    this.#ticker = new Ticker(() => this.#tick(tracking));
    this.#wakeLock.wanted = true;
    this.#setup.busy = "Connecting …";
    tracking.start();
    this.#onChange(conversation);
  }

  /** @param {Tracking} tracking */
  #tick(tracking) {
    tracking.tick();
    if (tracking.source.isStuckAtTick()) {
      this.#microphone.close();
      this.#onMicrophoneLost(new Problem("microphone_stuck"));
    }
    if (!tracking.isOver && this.#screen.isDue) {
      this.#render();
    }
  }

  /** @param {Conversation} conversation whose state has changed */
  #onChange(conversation) {
    const { state, problem } = conversation.tracking;
    if (state === "failed") {
      this.#fail(problem);
    } else if (state === "done") {
      this.#finish(problem);
    } else if (state !== "connecting" && this.#setup.isShown) {
      this.#showChoices(false);
      this.#voices.offer = conversation.tracking.voiceOffer;
      this.#screen.open(conversation);
    }
    this.#render();
  }

  #togglePause() {
    const tracking = this.#conversation?.tracking;
    if (tracking?.isPaused) {
      this.#resume(tracking);
    } else {
      tracking?.pause();
    }
  }

  /** @param {Tracking} tracking */
  async #resume(tracking) {
    this.#notices.clear();
    try {
      if (tracking.source.kind === "microphone" && !this.#microphone.isAlive) {
        // The one that was chosen may not be there any more.
        await this.#setup.listDevices();
        await this.#starting.openMicrophone();
      }
      tracking.resume();
    } catch (error) {
      this.#showError(error);
    }
  }

  /** @param {Problem} problem */
  #onMicrophoneLost(problem) {
    this.#notices.show(problem);
    if (this.#isLive) {
      this.#conversation?.tracking.pause();
    } else {
      this.#microphone.close();
      this.#setup.hideLevel();
    }
  }

  #render() {
    this.#connection.render(this.#conversation?.tracking ?? null);
    this.#screen.render();
  }

  // -- the end --

  /** @param {Problem | null} problem null where the user called it off */
  #fail(problem) {
    this.#release();
    this.#conversation = null;
    if (problem !== null) {
      this.#showError(problem);
    }
  }

  /** @param {Problem | null} problem why it ended other than by a stop */
  #finish(problem) {
    this.#release();
    if (problem !== null) {
      this.#notices.show(problem);
    }
    this.#screen.showReport();
  }

  /** Lets go what only a running conversation needs. */
  #release() {
    this.#ticker?.close();
    this.#ticker = null;
    this.#wakeLock.wanted = false;
    this.#setup.busy = null;
    this.#setup.hideLevel();
    document.title = "Speaker Tracker";
  }

  /** @param {boolean} isShown whether a conversation can be prepared */
  #showChoices(isShown) {
    this.#setup.hidden = !isShown;
    this.#voices.hidden = !isShown;
  }

  #showSetup() {
    this.#conversation = null;
    this.#notices.clear();
    this.#screen.close();
    this.#showChoices(true);
    this.#setup.focus();
    this.#render();
  }

  /** @param {unknown} error as it was thrown; nothing is shown where the user called it off */
  #showError(error) {
    if (error instanceof CalledOff) {
      return;
    }
    const problem = asProblem(error);
    this.#notices.show(problem);
    if (problem.code === "token_missing" || problem.code === "token_wrong") {
      this.#setup.askForToken();
    }
  }
}
