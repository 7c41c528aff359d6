import { completed, triggerAt, withEmoji } from './trigger';

const at = (text: string) => triggerAt(text, text.length);

describe('what could be completed', () => {
  it('is a name after @, from the sign alone', () => {
    expect(at('@')).toEqual({ kind: 'person', query: '', from: 0 });
    expect(at('hello @be')).toEqual({ kind: 'person', query: 'be', from: 6 });
    expect(at('(@be')).toEqual({ kind: 'person', query: 'be', from: 1 });
  });

  it('is not the middle of an address', () => {
    expect(at('ben@exam')).toBeUndefined();
    expect(at('a@b@c')).toBeUndefined();
  });

  it('is an emoji after : and two letters', () => {
    expect(at('so :ta')).toEqual({ kind: 'emoji', query: 'ta', from: 3 });
    expect(at(':+1')).toEqual({ kind: 'emoji', query: '+1', from: 0 });
    expect(at('so :t')).toBeUndefined();
    expect(at('at 10:30')).toBeUndefined();
    expect(at('https://exa')).toBeUndefined();
  });

  it('ends at the caret', () => {
    expect(triggerAt('@ben hello', 3)).toEqual({ kind: 'person', query: 'be', from: 0 });
    expect(triggerAt('@ben hello', 10)).toBeUndefined();
  });
});

describe('completing', () => {
  const person = (from: number) => ({ kind: 'person' as const, query: '', from });

  it('puts the whole in the place of the part, with a space after it', () => {
    expect(completed('hi @be', 6, person(3), '@ben')).toEqual({ text: 'hi @ben ', caret: 8 });
  });

  it('keeps what stands after the caret, and the space that is there', () => {
    expect(completed('@be, hi', 3, person(0), '@ben')).toEqual({ text: '@ben , hi', caret: 5 });
    expect(completed('@be hi', 3, person(0), '@ben')).toEqual({ text: '@ben hi', caret: 5 });
  });
});

describe('emoji by their names', () => {
  const find = (name: string) => (name === 'tada' ? '🎉' : undefined);

  it('replaces known names alone', () => {
    expect(withEmoji('done :tada: :nothing: 10:30:15', find)).toBe('done 🎉 :nothing: 10:30:15');
    expect(withEmoji(':TADA:', find)).toBe('🎉');
  });

  it('leaves code as it is', () => {
    expect(withEmoji('`:tada:` :tada:', find)).toBe('`:tada:` 🎉');
    expect(withEmoji('```\n:tada:\n```', find)).toBe('```\n:tada:\n```');
    expect(withEmoji('```\n:tada:', find)).toBe('```\n:tada:');
  });
});
