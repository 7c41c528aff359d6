import { inject } from '@angular/core';
import { CanActivateFn, Router, UrlTree } from '@angular/router';
import { ServerStatus } from './server-status';
import { SessionStore } from './session-store';

/** The application proper: for people who are signed in. */
export const signedIn: CanActivateFn = async (route, state) => {
  const session = inject(SessionStore);
  const server = inject(ServerStatus);
  const router = inject(Router);
  await server.whenReachable(() => session.restore());
  if (session.signedIn()) return true;
  const info = await server.info();
  if (info.setupRequired)
    return router.createUrlTree(['/setup'], { fragment: route.fragment ?? undefined });
  const back = state.url === '/' ? {} : { queryParams: { back: state.url } };
  return router.createUrlTree(['/sign-in'], back);
};

/** Sign-in and registration: for people who are not. */
export const signedOut: CanActivateFn = async (_route, state): Promise<boolean | UrlTree> => {
  const session = inject(SessionStore);
  const server = inject(ServerStatus);
  const router = inject(Router);
  await server.whenReachable(() => session.restore());
  if (session.signedIn()) return router.createUrlTree(['/']);
  const info = await server.info();
  const atSetup = state.url.startsWith('/setup');
  if (info.setupRequired && !atSetup) return router.createUrlTree(['/setup']);
  if (!info.setupRequired && atSetup) return router.createUrlTree(['/sign-in']);
  return true;
};
