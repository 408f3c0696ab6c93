// The letter that nobody likes.

/** Returns a reminder about a late tool and the fine in cents so far. */
export function reminder(member, tool, fine) {
  let digits = String(fine);
  while (digits.length < 3) digits = '0' + digits;
  const amount = digits.slice(0, -2) + '.' + digits.slice(-2) + ' EUR';
  return `Dear ${member}, the ${tool} is late. The fine so far: ${amount}.`;
}
