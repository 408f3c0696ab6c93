import { describe, expect, it } from 'vitest';

import { en } from '../i18n/en';
import { csv } from './csv';
import { GLYPHS, STATES, TONES } from './glyph';
import { HUES, identities, prospects } from './identity';
import { cutOff, visible } from './visible';

const arms = (...titles: string[]) => titles.map((title) => ({ id: title.toLowerCase(), title, sample: true }));

describe('a glyph', () => {
  it('exists for every outcome, with a word and a tone', () => {
    expect([...STATES].sort()).toEqual(Object.keys(GLYPHS).sort());
    for (const state of STATES) {
      expect(en).toHaveProperty([`state.${state}`]);
      expect(TONES[state]).toBeDefined();
    }
  });

  it('differs between outcomes by its drawing, not by colour alone', () => {
    const drawings = STATES.map((state) => GLYPHS[state].path);
    expect(new Set(drawings).size).toBe(drawings.length);
  });

  it('is filled with a name’s colour only when the task is resolved', () => {
    expect(STATES.filter((state) => GLYPHS[state].ground === 'hue')).toEqual(['resolved']);
  });
});

describe('identities', () => {
  it('take their letters from the names', () => {
    expect(identities(arms('Aster', 'Birch', 'Cedar', 'Dogwood', 'Elder', 'Fir')).map((one) => one.letter).join('')).toBe('ABCDEF');
  });

  it('never share a letter', () => {
    const letters = identities(arms('Aster', 'Ash', 'Aspen', 'A', 'Alder', 'Apple', 'AA', '42')).map((one) => one.letter);
    expect(new Set(letters).size).toBe(letters.length);
  });

  it('have eight hues before one comes again', () => {
    const hues = identities(arms(...'abcdefgh')).map((one) => one.hue);
    expect(new Set(hues).size).toBe(HUES);
  });
});

describe('before a run', () => {
  const real = { id: 'claude-code', title: 'Claude Code', sample: false, hurdle: null };
  const absent = { id: 'codex', title: 'Codex', sample: false, hurdle: 'not found' };
  const samples = arms('Aster', 'Birch', 'Cedar').map((one) => ({ ...one, hurdle: null }));
  const marks = (chosen: string[], ...found: (typeof real | typeof absent)[]) =>
    Object.fromEntries(prospects([...found, ...samples], chosen).map((one) => [one.id, `${one.letter}${one.hue}`]));

  it('one who cannot start has no letter and takes none away', () => {
    expect(marks(['aster', 'birch'], { ...real, hurdle: 'not found' }, absent)).toEqual({ aster: 'A0', birch: 'B1', cedar: 'C2', 'claude-code': 'ref', codex: 'ref' });
  });

  it('the chosen have the marks that their run will give them', () => {
    expect(marks(['cedar', 'aster'])).toEqual({ cedar: 'C0', aster: 'A1', birch: 'B2' });
    expect(marks(['claude-code', 'cedar'], real)).toMatchObject({ 'claude-code': 'C0', cedar: 'E1' });
  });

  it('samples keep those of their own run while no sample is chosen', () => {
    expect(marks(['claude-code'], real)).toEqual({ 'claude-code': 'C0', aster: 'A0', birch: 'B1', cedar: 'C2' });
  });
});

describe('untrusted text', () => {
  it.each([
    ['plain text', 'plain text'],
    ['tab\tand\nline', 'tab\tand\nline'],
    ['photo_\u202egnp.exe', 'photo_[U+202E]gnp.exe'],
    ['\u001b[31mred', '[ESC][31mred'],
    ['zero\u200bwidth', 'zero[U+200B]width'],
    ['pass\u200dword', 'pass[U+200D]word'],
    ['می\u200cخواهم', 'می\u200cخواهم'],
    ['bell\u0007', 'bell[BEL]'],
    ['\u241b[31mred\u2407\u2421', '[ESC][31mred[BEL][DEL]'],
    ['\u007f\u0085\u2422', '[DEL][U+0085]\u2422'],
    ['line\r\n', 'line[CR]\n'],
    ['نص عربي', 'نص عربي'],
    ['family 👩‍👩‍👧', 'family 👩‍👩‍👧'],
  ])('%j shows as %j', (text, shown) =>
    expect(visible(text).map((piece) => (piece.token ? `[${piece.text}]` : piece.text)).join('')).toBe(shown),
  );

  it.each([
    ['AAA … (936000 more bytes)', 'AAA', 936000],
    ['AAA … (1 more bytes) and on', 'AAA … (1 more bytes) and on', null],
    ['', '', null],
  ])('%j was sent as %j and lacks %s bytes', (text, sent, bytes) => expect(cutOff(text)).toEqual({ text: sent, bytes }));

  it('of a megabyte is cut in linear time', () => {
    expect(visible('\u202e'.repeat(1000) + 'x'.repeat(1_000_000))).toHaveLength(1001);
  });
});

it.each([
  [[['a', 'b']], 'a,b'],
  [[['say "hi"', 'a,b']], '"say ""hi""","a,b"'],
  [[['=1+1', '-0.5', '-x', '@x']], "'=1+1,-0.5,'-x,'@x"],
])('%j as CSV is %j', (rows, text) => expect(csv(rows)).toBe(text));
