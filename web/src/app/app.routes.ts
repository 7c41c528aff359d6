import { Routes } from '@angular/router';
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
        path: 'c/:conversationId',
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
