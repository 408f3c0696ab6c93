import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const AMOUNTS = [
  [0, '0.00 EUR'],
  [5, '0.05 EUR'],
  [99, '0.99 EUR'],
  [100, '1.00 EUR'],
  [1205, '12.05 EUR'],
  [123456, '1234.56 EUR'],
  [-5, '-0.05 EUR'],
  [-50, '-0.50 EUR'],
  [-1205, '-12.05 EUR'],
];

for (const [cents, text] of AMOUNTS) {
  test(`formatMoney(${cents}) is ${text}`, async () => {
    const { formatMoney } = await import('../src/money.js');
    assert.equal(formatMoney(cents), text);
  });
}

for (const name of ['receipt', 'statement', 'reminder']) {
  test(`${name}.js leaves the digits to money.js`, () => {
    const text = readFileSync(new URL(`../src/${name}.js`, import.meta.url), 'utf8');
    assert.match(text, /from ['"]\.\/money\.js['"]/);
    assert.match(text, /formatMoney\(/);
    for (const own of [/toFixed/, /padStart/, /\/ 100/, /% 100/, /slice\(/, / EUR/]) {
      assert.doesNotMatch(text, own);
    }
  });
}

test('the texts stay the same', async () => {
  const { receipt } = await import('../src/receipt.js');
  const { statement } = await import('../src/statement.js');
  const { reminder } = await import('../src/reminder.js');
  await import('../src/money.js');
  assert.equal(receipt('Bo', []), 'Larkfield tool library: receipt for Bo\nTotal: 0.00 EUR');
  assert.equal(statement('Bo', 100000), 'Bo has a credit: 1000.00 EUR');
  assert.equal(statement('Bo', -1), 'Bo owes: -0.01 EUR');
  assert.equal(reminder('Bo', 'saw', 0), 'Dear Bo, the saw is late. The fine so far: 0.00 EUR.');
});
