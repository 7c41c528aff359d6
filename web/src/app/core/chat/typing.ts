/** Who is typing where, until when (milliseconds). */
export type TypingPeople = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** A sign of typing is forgotten after this long unless it is repeated. */
export const TYPING_LASTS_MS = 6_000;

export function withTyping(
  people: TypingPeople,
  sign: { conversationId: string; userId: string; isTyping: boolean },
  now: number,
): TypingPeople {
  const present = people.get(sign.conversationId);
  if (!sign.isTyping && !present?.has(sign.userId)) return people;
  const there = new Map(present);
  if (sign.isTyping) there.set(sign.userId, now + TYPING_LASTS_MS);
  else there.delete(sign.userId);
  return new Map(people).set(sign.conversationId, there);
}

export function withoutExpired(people: TypingPeople, now: number): TypingPeople {
  const left = [...people].map(
    ([id, there]) => [id, new Map([...there].filter(([, until]) => until > now))] as const,
  );
  return new Map(left.filter(([, there]) => there.size > 0));
}
