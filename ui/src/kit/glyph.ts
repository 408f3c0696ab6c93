/** A glyph per outcome: strokes on a 16 × 16 field, and the manner of its ground. The word always stands beside it or in its label. */
import type { CellState } from '../api/types';

export interface GlyphForm {
  /** SVG path data. */
  readonly path: string;
  /** `hue`: filled with the identity's colour. The others take a meaning colour, or none. */
  readonly ground: 'hue' | 'bad' | 'warn' | 'plain' | 'empty';
}

export const GLYPHS: Readonly<Record<CellState, GlyphForm>> = {
  waiting: { path: '', ground: 'empty' },
  working: { path: 'M8 3.5a4.5 4.5 0 1 1-4.2 2.9', ground: 'plain' },
  resolved: { path: 'M3.8 8.4l2.8 2.8 5.6-6', ground: 'hue' },
  unresolved: { path: 'M4.8 4.8l6.4 6.4M11.2 4.8l-6.4 6.4', ground: 'plain' },
  set_aside: { path: 'M3.8 8h8.4', ground: 'bad' },
  no_diff: { path: 'M8 4.2a3.8 3.8 0 1 0 0 7.6a3.8 3.8 0 1 0 0-7.6M4.6 11.6l6.9-7.2', ground: 'plain' },
  timed_out: { path: 'M8 3.6v4.6l3 1.9', ground: 'plain' },
  ungraded: { path: 'M5.8 6.2a2.2 2.2 0 1 1 3 2.1c-.6.3-.8.6-.8 1.3M8 11.9v.1', ground: 'plain' },
  not_evidence: { path: 'M8 3.8v5M8 11.8v.1', ground: 'warn' },
};

/** The order in which a legend names the outcomes. */
export const STATES: readonly CellState[] = [
  'resolved',
  'unresolved',
  'set_aside',
  'no_diff',
  'timed_out',
  'ungraded',
  'not_evidence',
  'working',
  'waiting',
];

/** The chip's tone that goes with an outcome. */
export const TONES: Readonly<Record<CellState, 'good' | 'bad' | 'warn' | 'mute'>> = {
  waiting: 'mute',
  working: 'mute',
  resolved: 'good',
  unresolved: 'mute',
  set_aside: 'bad',
  no_diff: 'mute',
  timed_out: 'mute',
  ungraded: 'mute',
  not_evidence: 'warn',
};
