import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reminder } from '../src/reminder.js';

test('a reminder names the tool and the fine', () => {
  assert.equal(reminder('Ida', 'hedge saw', 140), 'Dear Ida, the hedge saw is late. The fine so far: 1.40 EUR.');
});

test('a small fine keeps its zeros', () => {
  assert.match(reminder('Ida', 'drill', 5), /0\.05 EUR\.$/);
});
