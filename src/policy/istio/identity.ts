import { globTest, textTest, type TextTest } from './text-match.ts';

/** Who calls, by its certificate: `cluster.local/ns/shop/sa/web`, without `spiffe://`. */

/** The value behind a key of an identity (`ns`, `sa`), or null. */
function part(principal: string, key: 'ns' | 'sa'): string | null {
  const parts = principal.split('/');
  for (let i = 1; i + 1 < parts.length; i += 2) if (parts[i] === key) return parts[i + 1] ?? null;
  return null;
}

/** The domain that stands for the mesh's own in policies, whatever that is called. */
const LOCAL = 'cluster.local';

/**
 * A principal of a policy in each of the mesh's trust domains, its own first and then its aliases: a policy that names one of them means all.
 * One of a foreign domain, of any (`*`), or of another form stays as it is.
 */
export function inTrustDomains(value: string, trustDomains: readonly string[]): readonly string[] {
  const [domain = '', ...rest] = value.split('/');
  if (rest.length !== 4 || domain === '*') return [value];
  const isOurs = domain === LOCAL || trustDomains.some((own) => textTest(domain)(own) || textTest(own)(domain));
  if (!isOurs) return [value];
  const endsSo = (own: string): boolean => domain.startsWith('*') && textTest(domain)(own);
  return [...new Set(trustDomains.map((own) => (endsSo(own) ? value : [own, ...rest].join('/'))))];
}

/** Envoy looks for `/ns/VALUE/` in the identity, with any text for each asterisk; ztunnel has the namespace by itself. */
export function namespaceTest(value: string, isZtunnel: boolean): TextTest {
  if (!isZtunnel) {
    const test = globTest(`*/ns/${value}/*`);
    return (principal) => test(`spiffe://${principal}`);
  }
  const test = textTest(value);
  return (principal) => test(part(principal, 'ns') ?? '');
}

/** `namespace/name`, or a name in the policy's own namespace. */
export function serviceAccountTest(value: string, ownNamespace: string): TextTest {
  const slash = value.indexOf('/');
  const [namespace, name] = slash < 0 ? [ownNamespace, value] : [value.slice(0, slash), value.slice(slash + 1)];
  return (principal) => part(principal, 'ns') === namespace && part(principal, 'sa') === name;
}

/** A value that is one of the mesh's domains means all of them. */
export function trustDomainTest(value: string, trustDomains: readonly string[]): TextTest {
  const tests = (trustDomains.includes(value) ? trustDomains : [value]).map(textTest);
  return (principal) => {
    const domain = principal.split('/', 1)[0] ?? '';
    return tests.some((test) => test(domain));
  };
}

/** Why Istio refuses a value of `serviceAccounts`, or null. */
export function serviceAccountFault(value: string): string | null {
  if (value.includes('*')) return 'may hold no wildcard';
  if (value.length > 320) return 'may have no more than 320 characters';
  const parts = value.split('/');
  return parts.length > 2 || parts.includes('') ? 'must be NAME or NAMESPACE/NAME' : null;
}

/** Why Istio refuses a value of `trustDomains`, or null. */
export function trustDomainFault(value: string): string | null {
  if (value.includes('/')) return 'must be a trust domain alone, without /';
  const stars = value.split('*').length - 1;
  return stars > 1 || (stars === 1 && !value.startsWith('*') && !value.endsWith('*')) ? 'may hold one wildcard, first or last' : null;
}
