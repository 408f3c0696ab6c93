// The tests that were written must pass on the right module and fail on each wrong one.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const right = readFileSync(join(here, 'shelfmark.txt'), 'utf8');
const written = join(here, '../test/shelfmark.test.js');
const room = mkdtempSync(join(tmpdir(), 'mutants-'));
after(() => rmSync(room, { recursive: true, force: true }));

/** Runs the written tests on a module; returns whether they pass, and how many there are. */
function run(name, source) {
  const folder = join(room, name);
  mkdirSync(join(folder, 'src'), { recursive: true });
  mkdirSync(join(folder, 'test'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(join(folder, 'src/shelfmark.js'), source);
  copyFileSync(written, join(folder, 'test/shelfmark.test.js'));
  const env = { ...process.env };
  delete env.NODE_TEST_CONTEXT;
  const args = ['--test-reporter=tap', 'test/shelfmark.test.js'];
  const ended = spawnSync(process.execPath, args, { cwd: folder, env, encoding: 'utf8', timeout: 10000 });
  const count = Number(/^# pass (\d+)$/m.exec(ended.stdout)?.[1] ?? 0);
  return { passes: ended.status === 0, count };
}

const MUTANTS = [
  ['bays are compared as text', 'bay: Number(bay),', 'bay,', 'left.bay - right.bay', 'left.bay < right.bay ? -1 : 1'],
  ['boards are ignored', 'if (left.board !== right.board) return left.board - right.board;', ''],
  ['letters are ignored', "if (left.letter !== right.letter) return left.letter < right.letter ? -1 : 1;", ''],
  ['areas are ignored', 'if (left.area !== right.area) return left.area < right.area ? -1 : 1;', ''],
  ['case matters in areas', 'area.toUpperCase()', 'area'],
  ['tools without a place come first', 'Number(a === null) - Number(b === null)', 'Number(b === null) - Number(a === null)'],
  ['a missing board comes last', 'board ?? 0', 'board ?? 1e9'],
  ['anything is a shelfmark', "if (!match) throw new RangeError(`not a shelfmark: ${text}`);", "if (!match) return { area: '', bay: 0, board: 0, letter: '' };"],
];

test('the written tests pass on the right module', () => {
  const { passes, count } = run('right', right);
  assert.ok(passes, 'they fail on the module as it is');
  assert.ok(count > 0, 'there is no test');
});

MUTANTS.forEach(([name, ...pairs], index) => {
  test(`the written tests notice that ${name}`, () => {
    let wrong = right;
    for (let i = 0; i < pairs.length; i += 2) {
      assert.ok(wrong.includes(pairs[i]), `the mutant has no place: ${pairs[i]}`);
      wrong = wrong.replace(pairs[i], () => pairs[i + 1]);
    }
    const { passes } = run(`wrong-${index}`, wrong);
    assert.equal(passes, false, 'they pass on a wrong module');
  });
});
