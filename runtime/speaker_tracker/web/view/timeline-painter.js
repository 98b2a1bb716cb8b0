// Draws a timeline: one lane for each speaker, time from left to right.

import { clock } from "../clock.js";
import { hueOf, patternOf } from "./theme.js";

export const LANE = 44;
const BAR = 22;
const AXIS = 28;
const BADGE = 11;
const MIN_TICK_PIXELS = 72;
const TICKS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];
const FONT = '13px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif';
const BOLD = FONT.replace("13px", "700 12px");
/** What has a pattern is at least this wide. */
const MIN_PATTERN_PIXELS = 5;

/** Pixels that so many lanes take. */
export function heightOf(lanes) {
  return Math.max(lanes, 2) * LANE + AXIS;
}

/**
 * `scene`: `lanes` `[{number, label, stretches}]`; `fromMs`, `toMs`: what is shown; `edgeMs`, `saidMs`: how far the audio and the labels
 * have come, null in the end; `gaps` `[[start, end]]`; `breaks` `[ms]`; `marks` `[{startMs, endMs, was, is, strength}]`, with people's
 * numbers. `size`: `{width, height, gutter}` in pixels of the context.
 */
export function paintTimeline(context, scene, theme, size) {
  const x = (ms) => size.gutter + ((ms - scene.fromMs) / (scene.toMs - scene.fromMs)) * (size.width - size.gutter);
  const frame = { context, scene, theme, size, x, bottom: size.height - AXIS };
  context.font = FONT;
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

function middleOf(row) {
  return row * LANE + LANE / 2;
}

function paintAxis({ context, scene, theme, size, x, bottom }) {
  const perSecond = (size.width - size.gutter) / ((scene.toMs - scene.fromMs) / 1000);
  const step = (TICKS_S.find((seconds) => seconds * perSecond >= MIN_TICK_PIXELS) ?? TICKS_S.at(-1)) * 1000;
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

function paintGaps({ context, scene, theme, x, bottom }) {
  context.fillStyle = hatching(context, theme.muted, 1);
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

function paintBars({ context, scene, theme, x }, lane, row) {
  const hue = theme.hues[hueOf(lane.number)];
  const pattern = hatching(context, hue.edge, patternOf(lane.number));
  context.lineWidth = 1.5;
  context.strokeStyle = hue.edge;
  for (const [start, end] of lane.stretches(scene.fromMs, scene.toMs)) {
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

/** What was corrected: outlined where it is now, dashed where it was. */
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

/** What has been heard and not yet labelled. */
function paintEdge({ context, scene, theme, x, bottom }) {
  if (scene.edgeMs !== null) {
    context.fillStyle = theme.raised;
    context.globalAlpha = 0.7;
    context.fillRect(x(scene.saidMs), 0, x(scene.edgeMs) - x(scene.saidMs), bottom);
    context.globalAlpha = 1;
    context.fillStyle = theme.accent;
    context.fillRect(x(scene.edgeMs) - 1, 0, 2, bottom);
  }
}

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
  context.font = BOLD;
  context.textAlign = "center";
  context.fillText(String(lane.number), centre, y + 0.5);
  context.font = FONT;
  context.textAlign = "left";
  context.fillStyle = theme.text;
  const left = 2 * BADGE + 12;
  context.fillText(shortened(context, lane.label, size.gutter - left - 8), left, y);
}

function bar(context, left, middle, width, height = BAR) {
  context.beginPath();
  context.roundRect(left, middle - height / 2, width, height, Math.min(6, width / 2));
}

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

const TILE = 8;
const tiles = new Map();

/** A pattern of lines or dots, null for the plain one. */
function hatching(context, colour, kind) {
  if (kind === 0) {
    return null;
  }
  const key = `${colour} ${kind}`;
  if (!tiles.has(key)) {
    tiles.set(key, tileOf(colour, kind));
  }
  return context.createPattern(tiles.get(key), "repeat");
}

function tileOf(colour, kind) {
  const tile = new OffscreenCanvas(TILE, TILE);
  const pen = tile.getContext("2d");
  pen.strokeStyle = pen.fillStyle = colour;
  pen.lineWidth = 1.5;
  pen.beginPath();
  if (kind === 1 || kind === 4) {
    for (const shift of [-TILE, 0, TILE]) {
      pen.moveTo(shift - 1, kind === 1 ? TILE + 1 : -1);
      pen.lineTo(shift + TILE + 1, kind === 1 ? -1 : TILE + 1);
    }
  } else if (kind === 2) {
    pen.arc(TILE / 2, TILE / 2, 1.75, 0, 2 * Math.PI);
    pen.fill();
  } else {
    pen.moveTo(TILE / 2, 0);
    pen.lineTo(TILE / 2, TILE);
  }
  pen.stroke();
  return tile;
}
