import { HttpContext, HttpContextToken } from '@angular/common/http';

/** Set on requests that carry no access token, so that renewing one never waits for itself. */
export const ANONYMOUS = new HttpContextToken(() => false);

export function anonymously(): HttpContext {
  return new HttpContext().set(ANONYMOUS, true);
}
