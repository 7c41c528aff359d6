/** The addresses of the hosts that `start-hosts.ts` has started. */
export const hosts = {
  /** The conformance host. */
  get http(): string {
    return started('CONFORMANCE_HTTP');
  },
  /** The conformance host behind TLS. */
  get https(): string {
    return started('CONFORMANCE_HTTPS');
  },
  /** A web site with a page that has the client's scripts; the hub of `lifecycle` knows it. */
  get site(): string {
    return started('SITE');
  },
  /** The host whose connections end in every way. */
  get lifecycle(): string {
    return started('LIFECYCLE');
  },
};

function started(name: string): string {
  const address = process.env[name];
  if (!address) throw new Error(`${name} is not set: start these tests with 'npm run interop'`);
  return address;
}
