import { Routes, UrlMatchResult, UrlSegment } from '@angular/router';
import { signedIn, signedOut } from './core/auth/guards';

export const routes: Routes = [
  {
    path: 'setup',
    canActivate: [signedOut],
    loadComponent: async () => (await import('./features/setup/setup-page')).SetupPage,
  },
  {
    path: 'sign-in',
    canActivate: [signedOut],
    loadComponent: async () => (await import('./features/sign-in/sign-in-page')).SignInPage,
  },
  {
    path: 'join',
    canActivate: [signedOut],
    loadComponent: async () => (await import('./features/sign-in/join-page')).JoinPage,
  },
  {
    path: 'join/:code',
    canActivate: [signedOut],
    loadComponent: async () => (await import('./features/sign-in/join-page')).JoinPage,
  },
  {
    path: '',
    canActivate: [signedIn],
    loadComponent: async () => (await import('./features/conversations/home')).Home,
    children: [
      {
        path: '',
        pathMatch: 'full',
        loadComponent: async () => (await import('./features/conversations/welcome')).Welcome,
      },
      {
        matcher: conversationAddress,
        loadComponent: async () =>
          (await import('./features/conversation/conversation-page')).ConversationPage,
      },
    ],
  },
  {
    path: 'g/:code',
    canActivate: [signedIn],
    loadComponent: async () =>
      (await import('./features/group-invitation/group-invitation-page')).GroupInvitationPage,
  },
  { path: '**', redirectTo: '' },
];

/**
 * A conversation, one message of it, or the thread of one: `/c/:id`, `/c/:id/:seq`, `/c/:id/thread/:root`,
 * `/c/:id/thread/:root/:seq`. One route, so that the conversation stays on screen from one to another.
 */
export function conversationAddress(segments: UrlSegment[]): UrlMatchResult | null {
  const [start, conversationId, ...rest] = segments;
  if (start?.path !== 'c' || !conversationId) return null;
  const [, thread] = rest[0]?.path === 'thread' ? rest : [];
  const seq = thread ? rest[2] : rest[0];
  const length = 2 + (thread ? 2 : 0) + (seq ? 1 : 0);
  if (segments.length !== length) return null;
  return {
    consumed: segments,
    posParams: { conversationId, ...(thread ? { thread } : {}), ...(seq ? { seq } : {}) },
  };
}
