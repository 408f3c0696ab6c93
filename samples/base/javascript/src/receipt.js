// What a member takes home after paying.

/** Returns the receipt for some paid items `{ label, cents }`, one line each and a total. */
export function receipt(member, items) {
  const lines = [`Larkfield tool library: receipt for ${member}`];
  let total = 0;
  for (const item of items) {
    total += item.cents;
    lines.push(`${item.label}: ${(item.cents / 100).toFixed(2)} EUR`);
  }
  lines.push(`Total: ${(total / 100).toFixed(2)} EUR`);
  return lines.join('\n');
}
