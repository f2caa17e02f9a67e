import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scratch } from './cli.ts';

/** A kubeconfig for a server on loopback, without TLS unless `cluster` says otherwise; its path. */
export function kubeconfigOf(server: string, { user = { token: 'secret' }, cluster = {} }: { readonly user?: object; readonly cluster?: object } = {}): string {
  const path = join(scratch(), 'kubeconfig');
  writeFileSync(
    path,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'local',
      clusters: [{ name: 'local', cluster: { server, 'insecure-skip-tls-verify': true, ...cluster } }],
      contexts: [{ name: 'local', context: { cluster: 'local', user: 'me' } }],
      users: [{ name: 'me', user }],
    }),
  );
  return path;
}
