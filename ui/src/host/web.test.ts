import { expect, it } from 'vitest';

import { asHostError, HostError } from './host';
import { splitFragment } from './web';

it.each([
  ['#token=abc', { token: 'abc', rest: '' }],
  ['#token=abc&', { token: 'abc', rest: '' }],
  ['#/runs', { token: null, rest: '#/runs' }],
  ['#/runs?token=a%2Bb', { token: 'a+b', rest: '#/runs' }],
  ['#/run/r/diffs?token=abc&task=t', { token: 'abc', rest: '#/run/r/diffs?task=t' }],
  ['', { token: null, rest: '' }],
])('the fragment “%s” gives up its token and nothing else', (fragment, parts) => expect(splitFragment(fragment)).toEqual(parts));

it.each([
  [{ code: 'no_such_run', message: 'run `x` is not here' }, 'no_such_run'],
  [new HostError({ code: 'busy', message: 'm' }), 'busy'],
  ['a bare text', 'unknown'],
  [null, 'unknown'],
])('the refusal %j has a code', (thrown, code) => expect(asHostError(thrown).code).toBe(code));
