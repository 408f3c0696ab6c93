/**
 * A browser on `fairtrial serve`: two addresses over HTTP.
 *
 * The bearer token comes in the URL's fragment (`#token=…`), which a browser never sends. It is taken out of the
 * address at once, so that it is neither bookmarked nor shown, and kept for reloads of this tab only.
 */
import type { Answer, Result } from '../api/answers';
import type { Action, Query } from '../api/types';
import { asHostError, type Host, HostError } from './host';

const KEY = 'fairtrial.token';

/** Splits a fragment into the token and what is left of the address. */
export function splitFragment(fragment: string): { token: string | null; rest: string } {
  const match = /(?:^#|[?&])token=([^&]+)&?/.exec(fragment);
  if (!match?.[1]) return { token: null, rest: fragment };
  const rest = fragment.replace(match[0], match[0].startsWith('#') ? '#' : match[0].slice(0, 1));
  return { token: decodeURIComponent(match[1]), rest: rest.replace(/[?&]$/, '').replace(/^#$/, '') };
}

function takeToken(): string | null {
  const { token, rest } = splitFragment(location.hash);
  if (token === null) return sessionStorage.getItem(KEY);
  sessionStorage.setItem(KEY, token);
  history.replaceState(null, '', location.pathname + location.search + rest);
  return token;
}

export function web(): Host {
  const token = takeToken();

  async function call<T>(address: string, body: unknown): Promise<T> {
    try {
      const response = await fetch(address, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(token === null ? {} : { authorization: `Bearer ${token}` }) },
        body: JSON.stringify(body),
      });
      const text = await response.text();
      if (!response.ok) throw refusal(response.status, text);
      return (text === '' ? null : JSON.parse(text)) as T;
    } catch (thrown) {
      if (thrown instanceof TypeError) {
        throw new HostError({ code: 'unreachable', message: 'the server does not answer; is `fairtrial serve` still running?' });
      }
      throw asHostError(thrown);
    }
  }

  return {
    kind: 'web',
    query: <Q extends Query>(q: Q) => call<Answer<Q>>('/api/query', q),
    act: <A extends Action>(a: A) => call<Result<A>>('/api/act', a),
  };
}

function refusal(status: number, text: string): HostError {
  try {
    const error = asHostError(JSON.parse(text));
    if (error.code !== 'unknown') return error;
  } catch {
    // Not JSON: the status line says it.
  }
  return new HostError({ code: `http_${status}`, message: text === '' ? `the server answered ${status}` : text });
}
