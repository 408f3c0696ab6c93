/** A value that is asked for: not yet there, there, or refused with a reason. */
import { asHostError, type HostError } from '../host';

export class Loaded<T> {
  value = $state.raw<T | null>(null);
  error = $state.raw<HostError | null>(null);
  loading = $state(false);
  #turn = 0;

  /** Asks; an older answer that comes later is ignored. The old value stays until the new one is there. */
  async load(ask: () => Promise<T>): Promise<T | null> {
    const turn = ++this.#turn;
    this.loading = true;
    try {
      const value = await ask();
      if (turn !== this.#turn) return null;
      this.value = value;
      this.error = null;
      return value;
    } catch (thrown) {
      if (turn === this.#turn) this.error = asHostError(thrown);
      return null;
    } finally {
      if (turn === this.#turn) this.loading = false;
    }
  }

  /** Forgets the value, and any answer under way. */
  clear(): void {
    this.#turn += 1;
    this.value = null;
    this.error = null;
    this.loading = false;
  }
}
