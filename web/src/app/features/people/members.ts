import { Component, computed, effect, inject, signal, untracked } from '@angular/core';
import { Router } from '@angular/router';
import { Icon } from '../../shared/icon/icon';
import { ConversationsApi } from '../../core/api/conversations-api';
import { GroupsApi } from '../../core/api/groups-api';
import { toProblem } from '../../core/api/problem';
import { Ban, Member, MemberRole, User } from '../../core/api/generated/models';
import { SessionStore } from '../../core/auth/session-store';
import { ConversationsStore } from '../../core/chat/conversations-store';
import { PeopleSearch } from '../../core/chat/people-search';
import { PresenceStore } from '../../core/chat/presence-store';
import { DIALOG_DATA, DialogData, Dialogs } from '../../core/layout/dialogs';
import { RealtimeConnection } from '../../core/realtime/realtime-connection';
import { Avatar } from '../../shared/avatar/avatar';
import { DialogFrame } from '../../shared/dialog-frame/dialog-frame';
import { PersonOption, PersonPicker } from '../../shared/person-picker/person-picker';
import { PresenceDot } from '../../shared/presence-dot/presence-dot';
import { problemText, TEXTS } from '../../shared/texts';
import { GroupLink } from './group-link';
import { GroupSettings } from './group-settings';
import { grantableRoles, mayManage } from './member-permissions';
import { Muting } from './muting';

type Named = Pick<User, 'id' | 'displayName'>;

/** Who belongs to a group or channel; the way for others in, and for oneself out. */
@Component({
  selector: 'app-members',
  imports: [Avatar, DialogFrame, GroupLink, GroupSettings, Icon, Muting, PersonPicker, PresenceDot],
  providers: [PeopleSearch],
  templateUrl: './members.html',
  styleUrl: './members.scss',
})
export class Members {
  private readonly api = inject(ConversationsApi);
  private readonly groups = inject(GroupsApi);
  private readonly conversations = inject(ConversationsStore);
  private readonly presence = inject(PresenceStore);
  private readonly connection = inject(RealtimeConnection);
  private readonly router = inject(Router);
  private readonly session = inject(SessionStore);
  protected readonly search = inject(PeopleSearch);
  protected readonly dialogs = inject(Dialogs);
  private readonly id = (inject(DIALOG_DATA) as DialogData['members']).conversationId;

  protected readonly texts = TEXTS.members;
  protected readonly adding = signal(false);
  protected readonly leaving = signal(false);
  /** The member about whom something is being decided. */
  protected readonly managed = signal('');
  protected readonly news = signal('');
  protected readonly problem = signal('');
  private readonly loaded = signal<readonly Member[]>([]);

  protected readonly conversation = computed(() => this.conversations.find(this.id));
  protected readonly heading = computed(() => this.texts.title(this.conversation()?.name ?? ''));
  protected readonly bans = signal<readonly Ban[]>([]);
  private readonly role = computed(() => this.conversation()?.role);
  /** Whether one may change what it is called and who is in it. */
  protected readonly manages = computed(() => mayManage(this.role()));
  /** The roles that one may give. */
  protected readonly roles = computed(() =>
    grantableRoles(this.role()).map((id) => ({ id, name: this.texts.roles[id] })),
  );
  protected readonly rows = computed(() =>
    this.loaded().map((member) => {
      const self = member.user.id === this.session.user()?.id;
      return {
        ...member.user,
        self,
        role: member.role,
        roleName: member.role === 'member' ? '' : this.texts.roles[member.role],
        state: this.stateOf(member.user.id),
        manageable: !self && grantableRoles(this.role()).includes(member.role),
      };
    }),
  );
  /** People who could be added. */
  protected readonly others = computed(() => {
    const present = new Set(this.loaded().map((member) => member.user.id));
    return this.search.options().filter((person) => !present.has(person.id));
  });

  constructor() {
    this.presence.show(computed(() => this.loaded().map((member) => member.user.id)));
    // Again whenever somebody came or went.
    const memberCount = computed(() => this.conversation()?.memberCount);
    effect(() => {
      if (memberCount() !== undefined) untracked(() => void this.attempt(() => this.load()));
    });
  }

  /** Of oneself one knows without asking. */
  private stateOf(id: string) {
    if (id !== this.session.user()?.id) return this.presence.stateOf(id);
    return this.connection.status() === 'connected' ? 'active' : undefined;
  }

  protected add(person: PersonOption): Promise<void> {
    return this.attempt(async () => {
      await this.api.addMember(this.id, person.id);
      await this.load();
      this.search.query.set('');
      this.news.set(this.texts.added(person.displayName));
    });
  }

  protected changeRole(userId: string, event: Event): Promise<void> {
    const role = (event.target as HTMLSelectElement).value as MemberRole;
    return this.attempt(async () => {
      await this.groups.changeRole(this.id, userId, role);
      await this.load();
    });
  }

  protected remove({ id, displayName }: Named): Promise<void> {
    return this.attempt(async () => {
      await this.groups.remove(this.id, id);
      await this.load();
      this.news.set(this.texts.removed(displayName));
    });
  }

  protected ban({ id, displayName }: Named): Promise<void> {
    return this.attempt(async () => {
      await this.groups.ban(this.id, id);
      await this.load();
      this.news.set(this.texts.banned(displayName));
    });
  }

  protected lift({ id, displayName }: Named): Promise<void> {
    return this.attempt(async () => {
      await this.groups.liftBan(this.id, id);
      await this.load();
      this.news.set(this.texts.lifted(displayName));
    });
  }

  protected leave(): Promise<void> {
    return this.attempt(async () => {
      await this.conversations.leave(this.id);
      this.dialogs.close();
      await this.router.navigateByUrl('/');
    });
  }

  private async load(): Promise<void> {
    this.loaded.set(await this.api.members(this.id));
    if (this.manages()) this.bans.set(await this.groups.bans(this.id));
  }

  private async attempt(action: () => Promise<void>): Promise<void> {
    this.problem.set('');
    try {
      await action();
    } catch (error) {
      this.problem.set(problemText(toProblem(error)));
    }
  }
}
