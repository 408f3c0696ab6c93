/**
 * Makes characters visible that a screen would hide or obey: controls, bidi overrides, zero-width marks, escape
 * sequences. Control pictures (U+241B), which few fonts can draw, get the same names as the controls they stand for.
 */

export interface Piece {
  readonly text: string;
  /** True for a stand-in such as `U+202E`. */
  readonly token: boolean;
}

const HIDDEN =
  // eslint-disable-next-line no-control-regex -- these are the characters looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\u2400-\u2421\u3164\ufeff\ufff9-\ufffb]/g;

/** Whether a text has anything that needs a stand-in. */
export const hides = (text: string): boolean => text.search(HIDDEN) >= 0;

/** Cuts a text into plain pieces and stand-ins. Tab and line feed stay as they are. */
export function visible(text: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(HIDDEN)) {
    if (isJoiner(match[0]) && (text.charCodeAt(match.index - 1) || 0) > 0x7f) continue;
    if (match.index > from) pieces.push({ text: text.slice(from, match.index), token: false });
    pieces.push({ text: nameOf(match[0]), token: true });
    from = match.index + match[0].length;
  }
  if (from < text.length) pieces.push({ text: text.slice(from), token: false });
  return pieces;
}

/** Parts a text from the closing words that say how much of it was not sent, so that they can be said in any language. */
export function cutOff(text: string): { text: string; bytes: number | null } {
  const said = / … \((\d{1,15}) more bytes\)$/.exec(text.slice(-40));
  return said ? { text: text.slice(0, -said[0].length), bytes: Number(said[1]) } : { text, bytes: null };
}

/** A short text with its hidden characters shown, where a component would be too much: labels, attributes, names. */
export const shown = (text: string): string => visible(text).map((piece) => piece.text).join('');

/** Joiners shape Arabic letters and emoji; after anything else they only hide. */
const isJoiner = (char: string) => char === '\u200c' || char === '\u200d';

const CONTROLS = 'NUL SOH STX ETX EOT ENQ ACK BEL BS HT LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US SP DEL'.split(' ');
const PICTURES = 0x2400;

function nameOf(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  const named = code === 0x7f ? 'DEL' : CONTROLS[code >= PICTURES ? code - PICTURES : code];
  return named ?? `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
}
