/** Chooses the host: a build for recordings has only that one; else the window is told from the browser. */
import type { Host } from './host';

export async function chooseHost(): Promise<Host> {
  if (import.meta.env.VITE_HOST === 'recorded') return (await import('./recorded')).recorded();
  if ('__TAURI_INTERNALS__' in window) return (await import('./tauri')).tauri;
  return (await import('./web')).web();
}

export { asHostError, HostError, type Host } from './host';
