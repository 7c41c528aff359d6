import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Program } from './program.ts';
import { openSite } from './site.ts';

/** Starts what all files share, and leaves the addresses in the environment, which the workers inherit. */
export default async function startHosts(): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'signalr-hub-'));
  const [certificate, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')];
  makeCertificate(certificate, key);

  const conformance = await Program.start(
    'conformance',
    [
      ...['--http', '127.0.0.1:0', '--https', '127.0.0.1:0'],
      ...['--cert', certificate, '--key', key, '--webworker', script('webworker')],
    ],
    2,
  );
  const site = await openSite();
  const lifecycle = await Program.start('lifecycle', ['127.0.0.1:0', site.origin], 1);

  // The two listeners race for the first line, so ask which is which.
  const [http, https] = await inOrder(conformance.addresses);
  process.env['CONFORMANCE_HTTP'] = `http://${http}`;
  process.env['CONFORMANCE_HTTPS'] = `https://${https}`;
  process.env['LIFECYCLE'] = `http://${lifecycle.addresses[0]}`;
  process.env['SITE'] = site.origin;
  process.env['NODE_EXTRA_CA_CERTS'] = certificate;

  return async () => {
    await conformance.kill();
    await lifecycle.kill();
    await site.close();
    rmSync(folder, { recursive: true });
  };
}

/** The client's file for web workers. */
function script(kind: string): string {
  const main = createRequire(import.meta.url).resolve('@microsoft/signalr');
  return join(dirname(main), '..', kind, 'signalr.js');
}

function makeCertificate(certificate: string, key: string): void {
  try {
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
        ...['-days', '2', '-subj', '/CN=localhost'],
        ...['-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'],
        ...['-keyout', key, '-out', certificate],
      ],
      { stdio: 'pipe' },
    );
  } catch (error) {
    throw new Error(`these tests need openssl for a certificate: ${(error as Error).message}`);
  }
}

async function inOrder(addresses: string[]): Promise<string[]> {
  const [one = '', other = ''] = addresses;
  const speaksHttp = await fetch(`http://${one}/deployment`).then(
    ({ ok }) => ok,
    () => false,
  );
  return speaksHttp ? [one, other] : [other, one];
}
