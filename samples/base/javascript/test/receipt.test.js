import assert from 'node:assert/strict';
import { test } from 'node:test';
import { receipt } from '../src/receipt.js';

test('a receipt lists items and their total', () => {
  const items = [{ label: 'Fine', cents: 60 }, { label: 'Deposit', cents: 2000 }];
  assert.equal(
    receipt('Ida', items),
    'Larkfield tool library: receipt for Ida\nFine: 0.60 EUR\nDeposit: 20.00 EUR\nTotal: 20.60 EUR',
  );
});

test('a deposit given back is negative', () => {
  assert.match(receipt('Ida', [{ label: 'Deposit back', cents: -2005 }]), /Total: -20\.05 EUR$/);
});
