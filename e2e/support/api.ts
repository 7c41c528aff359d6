/** A refusal: the status and the Problem Details that came with it. */
export class Refused extends Error {
  readonly status: number;
  readonly code: string | undefined;

  constructor(request: string, status: number, problem: { code?: string; detail?: string }) {
    super(`${request}: ${status} ${problem.code ?? ''} ${problem.detail ?? ''}`.trim());
    this.status = status;
    this.code = problem.code;
  }
}

/** The HTTP half of the contract, as one person or as nobody. */
export class Api {
  readonly origin: string;
  readonly #accessToken: string | undefined;

  constructor(origin: string, accessToken?: string) {
    this.origin = origin;
    this.#accessToken = accessToken;
  }

  get<T>(path: string): Promise<T> {
    return this.#request('GET', path);
  }

  post<T>(path: string, body: object = {}): Promise<T> {
    return this.#request('POST', path, body);
  }

  put<T>(path: string, body: object): Promise<T> {
    return this.#request('PUT', path, body);
  }

  delete(path: string): Promise<void> {
    return this.#request('DELETE', path);
  }

  async #request<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await fetch(this.origin + path, {
      method,
      headers: {
        ...(this.#accessToken && { authorization: `Bearer ${this.#accessToken}` }),
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) {
      const isJson = response.headers.get('content-type')?.includes('json');
      throw new Refused(`${method} ${path}`, response.status, isJson ? JSON.parse(text) : {});
    }
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }
}
