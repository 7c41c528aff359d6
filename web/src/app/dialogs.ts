import { DialogLoaders } from './core/layout/dialogs';

export const dialogLoaders: DialogLoaders = {
  newMessage: async () => (await import('./features/people/new-message')).NewMessage,
  newGroup: async () => (await import('./features/conversations/new-group')).NewGroup,
  browseChannels: async () =>
    (await import('./features/conversations/browse-channels')).BrowseChannels,
  invitePeople: async () => (await import('./features/admin/invite-people')).InvitePeople,
  account: async () => (await import('./features/settings/account')).Account,
  editHistory: async () => (await import('./features/conversation/edit-history')).EditHistory,
  switcher: async () => (await import('./features/conversations/switcher')).Switcher,
  shortcuts: async () => (await import('./features/settings/shortcuts')).Shortcuts,
  threads: async () => (await import('./features/threads/followed-threads')).FollowedThreads,
  pins: async () => (await import('./features/conversation/pins')).Pins,
  directSettings: async () => (await import('./features/people/direct-settings')).DirectSettings,
  members: async () => (await import('./features/people/members')).Members,
};
