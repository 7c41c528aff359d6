import { HttpErrorResponse, HttpInterceptorFn } from '@angular/common/http';
import { catchError, throwError } from 'rxjs';

/** A request that was answered with an error, or not answered at all (`code` is then `unreachable`). */
export class Problem extends Error {
  constructor(
    /** Stable, from docs/clients.md; everything that the client decides, it decides by this. */
    readonly code: string,
    /** The server's own sentence. */
    readonly detail = '',
    readonly status = 0,
    readonly retryAfterMs?: number,
  ) {
    super(detail || code);
    this.name = 'Problem';
  }
}

/** Codes after which the same request may succeed, unchanged, a little later. */
const TRANSIENT = new Set(['unreachable', 'unavailable', 'rate_limited']);

export function isTransient(problem: Problem): boolean {
  return TRANSIENT.has(problem.code);
}

export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof HttpErrorResponse) return fromHttp(error);
  return new Problem('unexpected', error instanceof Error ? error.message : '');
}

function fromHttp(error: HttpErrorResponse): Problem {
  const body: unknown = error.error;
  if (isProblemBody(body)) {
    return new Problem(body.code, body.detail ?? '', error.status, body.retryAfterMs);
  }
  // Gateways that stand in front of a stopped server answer with pages of their own.
  const gone = error.status === 0 || (error.status >= 502 && error.status <= 504);
  return new Problem(gone ? 'unreachable' : 'unexpected', '', error.status);
}

interface ProblemBody {
  code: string;
  detail?: string;
  retryAfterMs?: number;
}

function isProblemBody(body: unknown): body is ProblemBody {
  return typeof body === 'object' && body !== null && 'code' in body;
}

/** Turns every HTTP failure into a `Problem`. Runs innermost, so that all other code sees only those. */
export const problemInterceptor: HttpInterceptorFn = (request, next) =>
  next(request).pipe(catchError((error: unknown) => throwError(() => toProblem(error))));

/** A failed hub invocation reads `... HubException: <code>: <sentence>`; anything else is a lost connection. */
export function hubProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const text = error instanceof Error ? error.message : String(error);
  const match = /HubException: ([a-z_]+): ?(.*)$/s.exec(text);
  return match?.[1] ? new Problem(match[1], match[2]) : new Problem('unreachable', text);
}
