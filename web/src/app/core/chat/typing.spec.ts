import { TypingPeople, TYPING_LASTS_MS, withoutExpired, withTyping } from './typing';

const sign = (userId: string, isTyping = true) => ({ conversationId: 'c', userId, isTyping });
const there = (people: TypingPeople) => [...(people.get('c')?.keys() ?? [])];

describe('typing people', () => {
  it('come and go', () => {
    const both = withTyping(withTyping(new Map(), sign('bea'), 0), sign('chidi'), 0);
    expect(there(both)).toEqual(['bea', 'chidi']);
    expect(there(withTyping(both, sign('bea', false), 0))).toEqual(['chidi']);
  });

  it('are forgotten unless they go on', () => {
    const begun = withTyping(withTyping(new Map(), sign('bea'), 0), sign('chidi'), 0);
    const goneOn = withTyping(begun, sign('bea'), 3_000);
    expect(there(withoutExpired(goneOn, TYPING_LASTS_MS))).toEqual(['bea']);
    expect(there(withoutExpired(goneOn, 3_000 + TYPING_LASTS_MS))).toEqual([]);
  });

  it('change nothing by stopping what they never began', () => {
    const nobody: TypingPeople = new Map();
    expect(withTyping(nobody, sign('bea', false), 0)).toBe(nobody);
  });
});
