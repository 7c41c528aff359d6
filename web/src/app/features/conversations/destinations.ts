import { ConversationSummary, User } from '../../core/api/generated/models';
import { disturbingCount } from '../../core/chat/conversation-list';
import { conversationName, conversationSign } from '../../core/chat/conversation-name';
import { badge } from '../../shared/texts';

/** Where the switcher leads. */
export interface Destination {
  readonly key: string;
  /** The conversation, if there is one yet. */
  readonly id?: string;
  readonly name: string;
  /** What else it is found by. */
  readonly hint: string;
  readonly seed: string;
  readonly sign: 'person' | 'group' | 'channel';
  readonly unread: string;
}

const SHOWN = 8;

/** What calls for attention first, then what was last active, then people one has not talked to. */
export function destinations(
  conversations: readonly ConversationSummary[],
  people: readonly User[],
  now: Date,
): Destination[] {
  const met = new Set(conversations.flatMap(({ peer }) => peer?.id ?? []));
  const rows = conversations.map((summary) => {
    const count = disturbingCount(summary, now);
    return {
      key: summary.id,
      id: summary.id,
      name: conversationName(summary),
      hint: summary.peer ? `@${summary.peer.username}` : '',
      seed: summary.peer?.id ?? summary.id,
      sign: conversationSign(summary),
      unread: count > 0 ? badge(count) : '',
    };
  });
  const strangers = people
    .filter(({ id }) => !met.has(id))
    .map(({ id, displayName, username }) => ({
      key: id,
      name: displayName,
      hint: `@${username}`,
      seed: id,
      sign: 'person' as const,
      unread: '',
    }));
  const isFresh = ({ unread }: Destination) => unread !== '';
  return [...rows.filter(isFresh), ...rows.filter((row) => !isFresh(row)), ...strangers];
}

/** Those whose name has the query in it, where it begins a name or a word of it first. Accents and case do not matter. */
export function matching(places: readonly Destination[], query: string): Destination[] {
  const wanted = plain(query.trim());
  if (!wanted) return places.slice(0, SHOWN);
  const ranked = places.flatMap((place) => {
    const name = plain(place.name);
    const hint = plain(place.hint);
    if (name.startsWith(wanted)) return [{ place, rank: 0 }];
    if (name.includes(` ${wanted}`) || hint.startsWith(`@${wanted}`) || hint.startsWith(wanted)) {
      return [{ place, rank: 1 }];
    }
    return name.includes(wanted) ? [{ place, rank: 2 }] : [];
  });
  return ranked
    .sort((a, b) => a.rank - b.rank)
    .slice(0, SHOWN)
    .map(({ place }) => place);
}

/** Whether a name has the words in it; no words are in every name. */
export function isNamed(name: string, words: string): boolean {
  return plain(name).includes(plain(words.trim()));
}

function plain(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}
