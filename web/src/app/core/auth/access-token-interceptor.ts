import { HttpHandlerFn, HttpInterceptorFn, HttpRequest } from '@angular/common/http';
import { inject } from '@angular/core';
import { catchError, from, switchMap, throwError } from 'rxjs';
import { ANONYMOUS } from '../api/anonymous';
import { Problem } from '../api/problem';
import { SessionStore } from './session-store';

/** Sends the access token along; if the server refuses it, renews it and asks once more. */
export const accessTokenInterceptor: HttpInterceptorFn = (request, next) => {
  if (request.context.get(ANONYMOUS)) return next(request);
  const session = inject(SessionStore);
  return from(session.freshToken()).pipe(
    switchMap((token) => withToken(request, next, token)),
    catchError((error: unknown) => {
      if (!(error instanceof Problem) || error.status !== 401 || !session.signedIn()) {
        return throwError(() => error);
      }
      return from(session.renew()).pipe(
        switchMap((renewed) =>
          renewed ? withToken(request, next, session.accessToken()) : throwError(() => error),
        ),
      );
    }),
  );
};

function withToken(request: HttpRequest<unknown>, next: HttpHandlerFn, token: string | undefined) {
  if (!token) return throwError(() => new Problem('unauthenticated', '', 401));
  return next(request.clone({ setHeaders: { Authorization: `Bearer ${token}` } }));
}
