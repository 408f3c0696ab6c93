// What a member owes, or has to their credit.

/** Returns one line on a member's balance in cents; what they owe is negative. */
export function statement(member, balance) {
  const sign = balance < 0 ? '-' : '';
  const whole = Math.floor(Math.abs(balance) / 100);
  const rest = String(Math.abs(balance) % 100).padStart(2, '0');
  const amount = `${sign}${whole}.${rest} EUR`;
  if (balance < 0) return `${member} owes: ${amount}`;
  if (balance > 0) return `${member} has a credit: ${amount}`;
  return `${member} is even: ${amount}`;
}
