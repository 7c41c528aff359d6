import { APP_BASE_HREF } from '@angular/common';
import { provideHttpClient, withInterceptors } from '@angular/common/http';
import { ApplicationConfig, provideBrowserGlobalErrorListeners } from '@angular/core';
import { provideRouter, withComponentInputBinding } from '@angular/router';
import { routes } from './app.routes';
import { problemInterceptor } from './core/api/problem';
import { accessTokenInterceptor } from './core/auth/access-token-interceptor';
import { DIALOG_LOADERS } from './core/layout/dialogs';
import { dialogLoaders } from './dialogs';

export const appConfig: ApplicationConfig = {
  providers: [
    provideBrowserGlobalErrorListeners(),
    // In place of a <base> element, which the page's security policy forbids.
    { provide: APP_BASE_HREF, useValue: '/' },
    provideRouter(routes, withComponentInputBinding()),
    provideHttpClient(withInterceptors([accessTokenInterceptor, problemInterceptor])),
    { provide: DIALOG_LOADERS, useValue: dialogLoaders },
  ],
};
