// Draws a timeline: one lane for each speaker, time from left to right.

import { clock } from "../clock.js";
import { BADGE_FONT, LABEL_FONT } from "./fonts.js";
import { hatching } from "./patterns.js";
import { hueOf, patternOf } from "./theme.js";

/**
 * @import { Interval } from "../model/intervals.js"
 * @import { NamedCorrection } from "../conversation.js"
 * @import { Theme } from "./theme.js"
 */

/**
 * When a person speaks.
 *
 * @typedef {object} Lane
 * @property {number} number
 * @property {string} label
 * @property {(fromMs: number, toMs: number) => Interval[]} intervals
 */

/**
 * What a timeline shows of a conversation.
 *
 * @typedef {object} Scene
 * @property {Lane[]} lanes from top to bottom
 * @property {number} endMs
 * @property {number | null} edgeMs how far the audio has come, null in the end
 * @property {number} labelledMs how far the labels have come
 * @property {Interval[]} gaps that were not processed
 * @property {number[]} breaks when sessions after the first began
 */

/** @typedef {NamedCorrection & {strength: number}} Mark a correction, fading from 1 to 0 */

/** @typedef {Scene & {fromMs: number, toMs: number, marks: Mark[]}} ShownScene a scene with what is shown of it */

/** @typedef {{width: number, height: number, gutter: number}} Size in pixels of the context; the gutter is left to labels */

/**
 * What the parts of a picture are painted with.
 *
 * @typedef {object} Frame
 * @property {CanvasRenderingContext2D} context
 * @property {ShownScene} scene
 * @property {Theme} theme
 * @property {Size} size
 * @property {(ms: number) => number} x of a time
 * @property {number} bottom of the lanes
 */

const LANE = 44;
const BAR = 22;
const AXIS = 28;
const BADGE = 11;
const MIN_TICK_PIXELS = 72;
const TICKS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
const LONGEST_TICK_S = 7200;
/** Narrowest bar that has a pattern. */
const MIN_PATTERN_PIXELS = 5;

/**
 * Pixels that so many lanes take.
 *
 * @param {number} lanes
 */
export function heightOf(lanes) {
  return Math.max(lanes, 2) * LANE + AXIS;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {ShownScene} scene
 * @param {Theme} theme
 * @param {Size} size
 */
export function paintTimeline(context, scene, theme, size) {
  /** @param {number} ms */
  const x = (ms) => size.gutter + ((ms - scene.fromMs) / (scene.toMs - scene.fromMs)) * (size.width - size.gutter);
  const frame = { context, scene, theme, size, x, bottom: size.height - AXIS };
  context.font = LABEL_FONT;
  context.textBaseline = "middle";
  paintAxis(frame);
  context.save();
  context.beginPath();
  context.rect(size.gutter, 0, size.width - size.gutter, frame.bottom);
  context.clip();
  paintGaps(frame);
  scene.lanes.forEach((lane, row) => paintBars(frame, lane, row));
  scene.marks.forEach((mark) => paintMark(frame, mark));
  paintEdge(frame);
  context.restore();
  scene.lanes.forEach((lane, row) => paintLabel(frame, lane, row));
}

/** @param {number} row */
function middleOf(row) {
  return row * LANE + LANE / 2;
}

/** @param {Frame} frame */
function paintAxis({ context, scene, theme, size, x, bottom }) {
  const perSecond = (size.width - size.gutter) / ((scene.toMs - scene.fromMs) / 1000);
  const step = (TICKS_S.find((seconds) => seconds * perSecond >= MIN_TICK_PIXELS) ?? LONGEST_TICK_S) * 1000;
  context.textAlign = "center";
  for (let ms = Math.ceil(Math.max(scene.fromMs, 0) / step) * step; ms <= scene.toMs; ms += step) {
    context.fillStyle = theme.line;
    context.fillRect(Math.round(x(ms)), 0, 1, bottom);
    const label = clock(ms);
    const half = context.measureText(label).width / 2;
    context.fillStyle = theme.muted;
    context.fillText(label, Math.min(Math.max(x(ms), size.gutter + half), size.width - half), bottom + AXIS / 2 + 2);
  }
  context.fillStyle = theme.line;
  context.fillRect(size.gutter, bottom, size.width - size.gutter, 1);
}

/**
 * Hatches what was not processed, and draws a line where a session began anew.
 *
 * @param {Frame} frame
 */
function paintGaps({ context, scene, theme, x, bottom }) {
  context.fillStyle = hatching(context, theme.muted, 1) ?? theme.muted;
  context.globalAlpha = 0.5;
  for (const [start, end] of scene.gaps) {
    context.fillRect(x(start), 0, x(end) - x(start), bottom);
  }
  context.globalAlpha = 1;
  context.strokeStyle = theme.warn;
  context.lineWidth = 2;
  context.setLineDash([6, 5]);
  for (const ms of scene.breaks) {
    context.beginPath();
    context.moveTo(x(ms), 0);
    context.lineTo(x(ms), bottom);
    context.stroke();
  }
  context.setLineDash([]);
}

/**
 * @param {Frame} frame
 * @param {Lane} lane
 * @param {number} row
 */
function paintBars({ context, scene, theme, x }, lane, row) {
  const hue = theme.hues[hueOf(lane.number)];
  const pattern = hatching(context, hue.edge, patternOf(lane.number));
  context.lineWidth = 1.5;
  context.strokeStyle = hue.edge;
  for (const [start, end] of lane.intervals(scene.fromMs, scene.toMs)) {
    const [left, width] = [x(start), Math.max(x(end) - x(start), 1.5)];
    bar(context, left, middleOf(row), width);
    context.fillStyle = hue.fill;
    context.fill();
    if (width >= MIN_PATTERN_PIXELS && pattern !== null) {
      context.globalAlpha = 0.45;
      context.fillStyle = pattern;
      context.fill();
      context.globalAlpha = 1;
    }
    context.stroke();
  }
}

/**
 * Outlines a correction where it is now, with dashes where it was.
 *
 * @param {Frame} frame
 * @param {Mark} mark
 */
function paintMark({ context, scene, theme, x }, mark) {
  context.strokeStyle = theme.text;
  context.lineWidth = 2;
  context.globalAlpha = mark.strength;
  scene.lanes.forEach((lane, row) => {
    const isNow = mark.is.includes(lane.number);
    if (isNow !== mark.was.includes(lane.number)) {
      context.setLineDash(isNow ? [] : [4, 4]);
      bar(context, x(mark.startMs), middleOf(row), x(mark.endMs) - x(mark.startMs), BAR + 8);
      context.stroke();
    }
  });
  context.setLineDash([]);
  context.globalAlpha = 1;
}

/**
 * Shades the audio that has come and is not yet labelled.
 *
 * @param {Frame} frame
 */
function paintEdge({ context, scene, theme, x, bottom }) {
  if (scene.edgeMs !== null) {
    context.fillStyle = theme.raised;
    context.globalAlpha = 0.7;
    context.fillRect(x(scene.labelledMs), 0, x(scene.edgeMs) - x(scene.labelledMs), bottom);
    context.globalAlpha = 1;
    context.fillStyle = theme.accent;
    context.fillRect(x(scene.edgeMs) - 1, 0, 2, bottom);
  }
}

/**
 * @param {Frame} frame
 * @param {Lane} lane
 * @param {number} row
 */
function paintLabel({ context, theme, size }, lane, row) {
  const hue = theme.hues[hueOf(lane.number)];
  const [centre, y] = [BADGE + 2, middleOf(row)];
  context.beginPath();
  context.arc(centre, y, BADGE, 0, 2 * Math.PI);
  context.fillStyle = hue.fill;
  context.fill();
  context.lineWidth = 2;
  context.strokeStyle = hue.edge;
  context.stroke();
  context.fillStyle = hue.ink;
  context.font = BADGE_FONT;
  context.textAlign = "center";
  context.fillText(String(lane.number), centre, y + 0.5);
  context.font = LABEL_FONT;
  context.textAlign = "left";
  context.fillStyle = theme.text;
  const left = 2 * BADGE + 12;
  context.fillText(shortened(context, lane.label, size.gutter - left - 8), left, y);
}

/**
 * The path of a bar.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {number} left
 * @param {number} middle
 * @param {number} width
 * @param {number} [height]
 */
function bar(context, left, middle, width, height = BAR) {
  context.beginPath();
  context.roundRect(left, middle - height / 2, width, height, Math.min(6, width / 2));
}

/**
 * The text, cut off where it is wider.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {string} text
 * @param {number} width
 */
function shortened(context, text, width) {
  if (width < 24) {
    return "";
  }
  let short = text;
  while (short.length > 1 && context.measureText(short === text ? text : `${short}…`).width > width) {
    short = short.slice(0, -1);
  }
  return short === text ? text : `${short}…`;
}
