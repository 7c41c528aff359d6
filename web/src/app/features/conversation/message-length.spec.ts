import { charactersLeft, MESSAGE_LIMIT } from './message-length';

describe('the length of a message', () => {
  it('is counted in characters, whatever they take in memory', () => {
    expect(charactersLeft('字'.repeat(MESSAGE_LIMIT))).toBe(0);
    expect(charactersLeft('🎉'.repeat(MESSAGE_LIMIT))).toBe(0);
    expect(charactersLeft('🎉'.repeat(MESSAGE_LIMIT + 6))).toBe(-6);
  });

  it('does not count the space around it', () => {
    expect(charactersLeft('  hello \n')).toBe(MESSAGE_LIMIT - 5);
  });
});
