/** Which file to open first. Pure. */
import type { DiffFile } from '../api/types';

/** The path that most arms touch, the earlier one of equals; `null` without files. */
export function mostTouched(files: readonly DiffFile[]): string | null {
  const arms = (file: DiffFile) => file.touched.filter((touch) => touch !== 'none').length;
  const most = Math.max(0, ...files.map(arms));
  return files.find((file) => arms(file) === most)?.path ?? null;
}
