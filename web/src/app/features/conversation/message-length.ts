/** The longest message, in characters as the server counts them: Unicode scalar values, not UTF-16 units. */
export const MESSAGE_LIMIT = 16_384;

/** How many more characters fit; negative when there are too many. */
export function charactersLeft(text: string): number {
  const trimmed = text.trim();
  // A text of few units has at most as many characters; only long ones need counting.
  if (trimmed.length <= MESSAGE_LIMIT / 2) return MESSAGE_LIMIT - trimmed.length;
  let count = 0;
  for (const _ of trimmed) count++;
  return MESSAGE_LIMIT - count;
}
