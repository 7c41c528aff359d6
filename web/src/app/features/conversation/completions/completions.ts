import {
  Component,
  computed,
  effect,
  inject,
  input,
  linkedSignal,
  output,
  signal,
  untracked,
} from '@angular/core';
import { ConversationsApi } from '../../../core/api/conversations-api';
import { User } from '../../../core/api/generated/models';
import { SessionStore } from '../../../core/auth/session-store';
import { ConversationsStore } from '../../../core/chat/conversations-store';
import { Avatar } from '../../../shared/avatar/avatar';
import { EmojiNames } from '../../../shared/emoji/emoji';
import { TEXTS } from '../../../shared/texts';
import { Trigger } from './trigger';

interface Option {
  /** What comes into the text. */
  text: string;
  label: string;
  hint: string;
  person?: User;
}

const MOST_PEOPLE = 8;
/** In larger conversations `@all` calls nobody unless it is confirmed. */
const MOST_FOR_ALL = 50;

let count = 0;

/** What could stand in the place of what is being typed: arrows choose, Enter, Tab or a press takes it, Escape leaves it. */
@Component({
  selector: 'app-completions',
  imports: [Avatar],
  templateUrl: './completions.html',
  styleUrl: './completions.scss',
})
export class Completions {
  private readonly api = inject(ConversationsApi);
  private readonly conversations = inject(ConversationsStore);
  private readonly emoji = inject(EmojiNames);
  private readonly session = inject(SessionStore);

  readonly conversationId = input.required<string>();
  readonly trigger = input<Trigger>();
  readonly chosen = output<string>();

  protected readonly texts = TEXTS.completions;
  readonly id = `completions-${String(++count)}`;
  private readonly members = signal<readonly User[]>([]);
  private asked = false;
  /** Where the sign stands whose completions are not wanted. */
  private readonly left = signal<number | undefined>(undefined);

  protected readonly options = computed<readonly Option[]>(() => {
    const trigger = this.trigger();
    if (!trigger || trigger.from === this.left()) return [];
    return trigger.kind === 'person' ? this.people(trigger.query) : this.emojiOf(trigger.query);
  });
  protected readonly active = linkedSignal({ source: this.options, computation: () => 0 });
  readonly isOpen = computed(() => this.options().length > 0);
  readonly activeId = computed(() =>
    this.isOpen() ? `${this.id}-${String(this.active())}` : null,
  );
  protected readonly said = computed(() =>
    this.isOpen() ? this.texts.count(this.options().length) : '',
  );

  constructor() {
    effect(() => {
      const trigger = this.trigger();
      untracked(() => {
        if (!trigger) this.left.set(undefined);
        else if (trigger.kind === 'emoji') void this.emoji.load();
        else void this.loadMembers();
      });
    });
  }

  /** Whether the key was meant for the list. */
  keydown(event: KeyboardEvent): boolean {
    const option = this.options()[this.active()];
    if (!option) return false;
    if (event.key === 'ArrowDown') this.move(1);
    else if (event.key === 'ArrowUp') this.move(-1);
    else if (event.key === 'Escape') this.left.set(this.trigger()?.from);
    else if (event.key === 'Enter' && this.isTyped(option)) return false;
    else if ((event.key === 'Enter' || event.key === 'Tab') && !event.shiftKey) {
      this.chosen.emit(option.text);
    } else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  /** Who has typed the whole name wants to send it. */
  private isTyped({ text }: Option): boolean {
    return text.toLowerCase() === `@${this.trigger()?.query.toLowerCase() ?? ''}`;
  }

  private move(step: number): void {
    const length = this.options().length;
    this.active.update((index) => (index + step + length) % length);
  }

  private people(query: string): Option[] {
    const wanted = query.toLowerCase();
    const rank = ({ username, displayName }: User) => {
      const names = [username, ...displayName.split(' ')].map((name) => name.toLowerCase());
      if (names.some((name) => name.startsWith(wanted))) return 0;
      return names.some((name) => name.includes(wanted)) ? 1 : 2;
    };
    const found = this.members()
      .map((person) => ({ person, rank: rank(person) }))
      .filter(({ person, rank }) => rank < 2 && person.id !== this.session.user()?.id)
      .sort((one, other) => one.rank - other.rank)
      .slice(0, MOST_PEOPLE)
      .map(({ person }) => ({
        text: `@${person.username}`,
        label: person.displayName,
        hint: `@${person.username}`,
        person,
      }));
    return [...found, ...this.everybody(wanted)];
  }

  private everybody(wanted: string): Option[] {
    const others = (this.conversations.find(this.conversationId())?.memberCount ?? 0) - 1;
    if (others < 2 || others >= MOST_FOR_ALL || !'all'.startsWith(wanted)) return [];
    return [{ text: '@all', label: '@all', hint: this.texts.callsAll(others) }];
  }

  private emojiOf(query: string): Option[] {
    return this.emoji.search(query).map(({ character, names }) => ({
      text: character,
      label: character,
      hint: `:${names[0] ?? ''}:`,
    }));
  }

  /** Once for each place to write in; without a network it is tried again with the next letter. */
  private async loadMembers(): Promise<void> {
    const id = this.conversationId();
    if (this.asked || this.conversations.find(id)?.kind === 'direct') return;
    this.asked = true;
    try {
      const members = await this.api.members(id);
      this.members.set(members.map(({ user }) => user));
    } catch {
      this.asked = false;
    }
  }
}
