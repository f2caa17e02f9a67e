import { readSecret } from './secret.ts';

interface Credentials {
  readonly bearerTokenFile?: string | undefined;
  readonly basicAuth?: { readonly username: string; readonly passwordFile: string } | undefined;
  readonly caFile?: string | undefined;
}

/** What a target is shown of who asks. */
export function authorization({ bearerTokenFile, basicAuth }: Credentials): Readonly<Record<string, string>> {
  if (bearerTokenFile !== undefined) return { authorization: `Bearer ${readSecret(bearerTokenFile)}` };
  if (basicAuth === undefined) return {};
  const { username, passwordFile } = basicAuth;
  return { authorization: `Basic ${Buffer.from(`${username}:${readSecret(passwordFile)}`).toString('base64')}` };
}

export function caOf({ caFile }: Credentials): string | undefined {
  return caFile === undefined ? undefined : readSecret(caFile);
}
