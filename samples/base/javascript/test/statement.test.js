import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statement } from '../src/statement.js';

test('a debt is shown with its sign', () => {
  assert.equal(statement('Ida', -105), 'Ida owes: -1.05 EUR');
});

test('a credit is shown', () => {
  assert.equal(statement('Bo', 90), 'Bo has a credit: 0.90 EUR');
});

test('nothing owed is even', () => {
  assert.equal(statement('Bo', 0), 'Bo is even: 0.00 EUR');
});
