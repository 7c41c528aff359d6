import { SystemNote } from '../api/generated/models';
import { TEXTS } from '../../shared/texts';

/** What a note of the system says. The message's sender did it. */
export function noteText(
  note: SystemNote,
  senderId: string,
  nameOf: (userId: string) => string | undefined,
): string {
  const texts = TEXTS.notes;
  const name = (id: string) => nameOf(id) ?? TEXTS.conversation.somebody;
  const by = name(senderId);
  switch (note.type) {
    case 'founded':
      return texts.founded(by);
    case 'joined':
      return note.userId === senderId ? texts.joined(by) : texts.added(by, name(note.userId));
    case 'left':
      return note.userId === senderId ? texts.left(by) : texts.removed(by, name(note.userId));
    case 'renamed':
      return texts.renamed(by, note.name);
    case 'topicChanged':
      return note.topic ? texts.topic(by, note.topic) : texts.noTopic(by);
  }
}
