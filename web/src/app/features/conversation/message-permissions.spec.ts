import { conversation, message } from '../../../testing/builders';
import { Message } from '../../core/api/generated/models';
import { permissionsOn } from './message-permissions';

const may = (fields: Parameters<typeof conversation>[0], about: Partial<Message> = {}) =>
  Object.entries(permissionsOn(message(1, about), conversation(fields), 'ana'))
    .filter(([, allowed]) => allowed)
    .map(([name]) => name);

describe('what may be done with a message', () => {
  it('depends on whose it is', () => {
    expect(may({})).toEqual(['react', 'reply', 'thread', 'pin', 'markUnread']);
    expect(may({}, { senderId: 'ana' })).toEqual([
      'react',
      'reply',
      'thread',
      'edit',
      'pin',
      'delete',
      'markUnread',
    ]);
  });

  it('depends on the role of the reader', () => {
    expect(may({ role: 'readOnly' })).toEqual(['markUnread']);
    expect(may({ role: 'admin' })).toContain('delete');
    expect(may({ role: 'owner', kind: 'direct' })).not.toContain('delete');
    expect(may({ kind: 'channel' })).not.toContain('pin');
    expect(may({ kind: 'channel', role: 'owner' })).toContain('pin');
  });

  it('is less within a thread', () => {
    expect(may({}, { threadOf: 'm0' })).toEqual(['react', 'pin']);
  });
});
