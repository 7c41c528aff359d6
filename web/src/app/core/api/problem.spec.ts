import { HttpErrorResponse } from '@angular/common/http';
import { hubProblem, isTransient, Problem, toProblem } from './problem';

describe('a problem', () => {
  it('is read from Problem Details', () => {
    const error = { code: 'rate_limited', detail: 'Slow down.', retryAfterMs: 700 };
    const problem = toProblem(new HttpErrorResponse({ status: 429, error }));
    expect(problem).toMatchObject({ ...error, status: 429 });
    expect(isTransient(problem)).toBe(true);
  });

  it('is "unreachable" when nobody answered, or only a gateway did', () => {
    for (const status of [0, 502, 503, 504]) {
      const error = '<html>Bad gateway</html>';
      expect(toProblem(new HttpErrorResponse({ status, error })).code).toBe('unreachable');
    }
  });

  it('is "unexpected" when the answer makes no sense', () => {
    const problem = toProblem(new HttpErrorResponse({ status: 500, error: null }));
    expect(problem.code).toBe('unexpected');
    expect(isTransient(problem)).toBe(false);
  });

  it('is read from the text of a failed invocation', () => {
    const text =
      "An unexpected error occurred invoking 'SendMessage' on the server. " +
      'HubException: message_too_long: A message has 1 to 16,384 characters.';
    expect(hubProblem(new Error(text))).toMatchObject({
      code: 'message_too_long',
      detail: 'A message has 1 to 16,384 characters.',
    });
  });

  it('takes a lost connection for what it is', () => {
    const lost = new Error('Invocation canceled due to the underlying connection being closed.');
    expect(hubProblem(lost).code).toBe('unreachable');
    const problem = new Problem('forbidden');
    expect(hubProblem(problem)).toBe(problem);
  });
});
