import { isLabelName, isSubdomain } from './names.ts';

/** Stands in a principal's place where a proxy that shows certificates had none to show: the connection was plain. */
export const PLAINTEXT = 'plaintext';

const URI = /^spiffe:\/\/([^/]{1,255})\/ns\/([^/]{1,63})\/sa\/([^/]{1,253})$/;
const TRUST_DOMAIN = /^[a-z0-9._-]{1,255}$/;

export function isTrustDomain(text: string): boolean {
  return TRUST_DOMAIN.test(text);
}

/** Who a certificate speaks for, by Istio: a service account of a trust domain. */
export interface Principal {
  readonly trustDomain: string;
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** Reads `spiffe://cluster.local/ns/shop/sa/web`; null if it is no service account's. */
export function parseSpiffe(uri: string): Principal | null {
  const [, trustDomain = '', namespace = '', serviceAccount = ''] = URI.exec(uri) ?? [];
  return isTrustDomain(trustDomain) && isLabelName(namespace) && isSubdomain(serviceAccount) ? { trustDomain, namespace, serviceAccount } : null;
}

/** `cluster.local/ns/shop/sa/web`, as policies of the mesh write it. */
export function principalText({ trustDomain, namespace, serviceAccount }: Principal): string {
  return `${trustDomain}/ns/${namespace}/sa/${serviceAccount}`;
}
