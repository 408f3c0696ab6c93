/** The desktop window: two commands over Tauri's IPC. */
import { invoke } from '@tauri-apps/api/core';

import type { Answer, Result } from '../api/answers';
import type { Action, Query } from '../api/types';
import { asHostError, type Host } from './host';

async function call<T>(command: string, args: Record<string, unknown>): Promise<T> {
  try {
    return await invoke<T>(command, args);
  } catch (thrown) {
    throw asHostError(thrown);
  }
}

export const tauri: Host = {
  kind: 'tauri',
  query: <Q extends Query>(q: Q) => call<Answer<Q>>('query', { q }),
  act: <A extends Action>(a: A) => call<Result<A>>('act', { a }),
};
