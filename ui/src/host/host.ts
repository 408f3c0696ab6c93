/** The one seam between the interface and whatever runs the work. */
import type { Answer, Result } from '../api/answers';
import type { Action, ErrorDto, Query } from '../api/types';

export interface Host {
  readonly kind: 'tauri' | 'web' | 'recorded';
  /** Asks for a view; changes nothing. Rejects with a `HostError`. */
  query<Q extends Query>(q: Q): Promise<Answer<Q>>;
  /** Orders something. Rejects with a `HostError`. */
  act<A extends Action>(a: A): Promise<Result<A>>;
}

/** A refusal with a code to switch on and a sentence to read. */
export class HostError extends Error {
  readonly code: string;

  constructor({ code, message }: ErrorDto) {
    super(message);
    this.name = 'HostError';
    this.code = code;
  }
}

/** Turns whatever was thrown into a `HostError`, losing nothing of what it said. */
export function asHostError(thrown: unknown): HostError {
  if (thrown instanceof HostError) return thrown;
  if (isErrorDto(thrown)) return new HostError(thrown);
  return new HostError({ code: 'unknown', message: thrown instanceof Error ? thrown.message : String(thrown) });
}

function isErrorDto(value: unknown): value is ErrorDto {
  if (typeof value !== 'object' || value === null) return false;
  const { code, message } = value as Record<string, unknown>;
  return typeof code === 'string' && typeof message === 'string';
}
