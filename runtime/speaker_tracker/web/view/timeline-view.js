// The timeline on the page: follows a running conversation, or shows the time that the user wants to see.

import { clock } from "../clock.js";
import { byId, setText } from "./dom.js";
import { heightOf, paintTimeline } from "./timeline-painter.js";
import { themeOf } from "./theme.js";

/**
 * @import { NamedCorrection } from "../conversation.js"
 * @import { Mark, Scene } from "./timeline-painter.js"
 */

/** Lengths of time that zooming goes through, in milliseconds. */
const SPANS = [2.5, 5, 10, 20, 40, 60, 120, 300, 900, 1800, 3600, 4 * 3600, 12 * 3600].map((seconds) => seconds * 1000);
const LIVE_SPAN = 40_000;
/** Time for which a correction is marked. */
const MARK_MS = 4000;
/** Narrowest canvas that has room for names, in pixels. */
const WIDE = 560;
const GUTTERS = { wide: 136, narrow: 36 };

export class TimelineView {
  #canvas = byId("canvas", HTMLCanvasElement);
  #scroll = byId("scroll", HTMLInputElement);
  #spanMs = LIVE_SPAN;
  #fromMs = 0;
  #isFollowing = true;
  /** @type {(NamedCorrection & {at: number})[]} */
  #marks = [];
  #theme = themeOf(document.documentElement);
  #endMs = 0;
  #gutter = 0;
  #isCalm = matchMedia("(prefers-reduced-motion: reduce)");
  #draw;

  /** @param {() => void} draw called where the picture has to change without news */
  constructor(draw) {
    this.#draw = draw;
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.#theme = themeOf(document.documentElement);
      this.#draw();
    });
    new ResizeObserver(() => this.#draw()).observe(this.#canvas);
    byId("zoom-in").addEventListener("click", () => this.#zoom(-1));
    byId("zoom-out").addEventListener("click", () => this.#zoom(1));
    byId("follow").addEventListener("click", () => this.#follow(!this.#isFollowing));
    this.#scroll.addEventListener("input", () => this.#moveTo(Number(this.#scroll.value)));
    this.#letDrag();
  }

  /** A new conversation begins. */
  reset() {
    this.#spanMs = LIVE_SPAN;
    this.#marks = [];
    this.#follow(true);
  }

  /**
   * Shows all of a conversation.
   *
   * @param {number} endMs
   */
  showAll(endMs) {
    this.#isFollowing = false;
    this.#fromMs = 0;
    this.#spanMs = Math.max(endMs, 1000);
    this.#marks = [];
  }

  /**
   * Marks corrections for a while.
   *
   * @param {NamedCorrection[]} corrections
   */
  mark(corrections) {
    const at = performance.now();
    this.#marks.push(...corrections.map((correction) => ({ ...correction, at })));
  }

  /**
   * @param {Scene} scene
   * @param {boolean} isOver whether the conversation has ended
   */
  render(scene, isOver) {
    const [width, height] = [this.#canvas.clientWidth, heightOf(scene.lanes.length)];
    if (width === 0) {
      return;
    }
    this.#endMs = scene.endMs;
    this.#renderTools(isOver);
    const context = this.#sized(width, height);
    this.#gutter = width >= WIDE ? GUTTERS.wide : GUTTERS.narrow;
    const fromMs = this.#isFollowing ? this.#followedFrom : this.#fromMs;
    const shown = { ...scene, fromMs, toMs: fromMs + this.#spanMs, marks: this.#marksNow() };
    paintTimeline(context, shown, this.#theme, { width, height, gutter: this.#gutter });
  }

  get #followedFrom() {
    return Math.max(0, this.#endMs - this.#spanMs * 0.98);
  }

  /** @returns {Mark[]} */
  #marksNow() {
    const now = performance.now();
    this.#marks = this.#marks.filter((mark) => now - mark.at < MARK_MS);
    return this.#marks.map((mark) => ({ ...mark, strength: this.#isCalm.matches ? 1 : 1 - (now - mark.at) / MARK_MS }));
  }

  /**
   * The canvas in this size, empty.
   *
   * @param {number} width
   * @param {number} height
   */
  #sized(width, height) {
    const ratio = devicePixelRatio;
    const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.#canvas.width !== wide || this.#canvas.height !== high) {
      this.#canvas.width = wide;
      this.#canvas.height = high;
      this.#canvas.style.height = `${height}px`;
    }
    const context = /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext("2d"));
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    return context;
  }

  /** @param {boolean} isOver */
  #renderTools(isOver) {
    const hidden = Math.max(0, this.#endMs - this.#spanMs);
    const fromMs = this.#isFollowing ? this.#followedFrom : this.#fromMs;
    const toMs = Math.min(fromMs + this.#spanMs, Math.max(this.#endMs, this.#spanMs));
    setText(byId("range"), `${clock(fromMs)} – ${clock(toMs)}`);
    byId("follow").hidden = isOver;
    byId("follow").setAttribute("aria-pressed", String(this.#isFollowing));
    this.#scroll.hidden = hidden === 0;
    const step = Math.max(1, Math.round(this.#spanMs / 20));
    this.#scroll.step = String(step);
    this.#scroll.max = String(Math.ceil(hidden / step) * step);
    this.#scroll.setAttribute("aria-valuetext", `${clock(fromMs)} to ${clock(toMs)}`);
    if (document.activeElement !== this.#scroll || this.#isFollowing) {
      this.#scroll.value = String(fromMs);
    }
  }

  /** @param {1 | -1} direction 1 to show more time */
  #zoom(direction) {
    const middle = (this.#isFollowing ? this.#followedFrom : this.#fromMs) + this.#spanMs / 2;
    const next = direction > 0 ? SPANS.find((span) => span > this.#spanMs) : SPANS.findLast((span) => span < this.#spanMs);
    this.#spanMs = next ?? this.#spanMs;
    this.#fromMs = this.#bounded(middle - this.#spanMs / 2);
    this.#draw();
  }

  /** @param {boolean} isFollowing */
  #follow(isFollowing) {
    this.#fromMs = this.#followedFrom;
    this.#isFollowing = isFollowing;
    this.#draw();
  }

  /** @param {number} fromMs */
  #moveTo(fromMs) {
    this.#isFollowing = false;
    this.#fromMs = this.#bounded(fromMs);
    this.#draw();
  }

  /** @param {number} fromMs */
  #bounded(fromMs) {
    return Math.max(0, Math.min(fromMs, this.#endMs - this.#spanMs));
  }

  #letDrag() {
    /** @type {{x: number, fromMs: number} | null} */
    let grip = null;
    this.#canvas.addEventListener("pointerdown", (event) => {
      grip = { x: event.clientX, fromMs: this.#isFollowing ? this.#followedFrom : this.#fromMs };
      this.#canvas.setPointerCapture(event.pointerId);
      this.#canvas.classList.add("dragged");
    });
    this.#canvas.addEventListener("pointermove", (event) => {
      if (grip !== null && Math.abs(event.clientX - grip.x) > 3) {
        const share = (event.clientX - grip.x) / (this.#canvas.clientWidth - this.#gutter);
        this.#moveTo(grip.fromMs - share * this.#spanMs);
      }
    });
    for (const end of ["pointerup", "pointercancel"]) {
      this.#canvas.addEventListener(end, () => {
        grip = null;
        this.#canvas.classList.remove("dragged");
      });
    }
  }
}
