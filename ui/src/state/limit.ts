/** A limit as somebody types it. Pure. */

/** Returns the number that a text means: `null` where it says nothing, `undefined` where it is no whole number from 1 on. */
export function limit(text: string): number | null | undefined {
  const plain = text.trim().replace(/[\u0660-\u0669]/g, (digit) => String(digit.charCodeAt(0) - 0x660));
  if (plain === '') return null;
  const number = /^\d+$/.test(plain) ? Number(plain) : 0;
  return number >= 1 && Number.isSafeInteger(number) ? number : undefined;
}
