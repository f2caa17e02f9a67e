import { describe, expect, it } from 'vitest';
import { inTrustDomains, namespaceTest, serviceAccountFault, serviceAccountTest, trustDomainFault } from '../../../src/policy/istio/identity.ts';

const WEB = 'ns/shop/sa/web';

describe('a principal of a policy in a mesh of the domain td2 with the alias td1', () => {
  it.each<[string, readonly string[]]>([
    [`td2/${WEB}`, [`td2/${WEB}`, `td1/${WEB}`]],
    [`td1/${WEB}`, [`td2/${WEB}`, `td1/${WEB}`]],
    [`cluster.local/${WEB}`, [`td2/${WEB}`, `td1/${WEB}`]],
    [`other/${WEB}`, [`other/${WEB}`]],
    [`*/${WEB}`, [`*/${WEB}`]],
    ['*', ['*']],
    ['sa/web', ['sa/web']],
    ['td1/ns/shop/*', ['td1/ns/shop/*']],
    [`*1/${WEB}`, [`td2/${WEB}`, `*1/${WEB}`]],
    [`*d1/${WEB}`, [`td2/${WEB}`, `*d1/${WEB}`]],
    [`td*/${WEB}`, [`td2/${WEB}`, `td1/${WEB}`]],
    [`*x/${WEB}`, [`*x/${WEB}`]],
  ])('%s', (value, expected) => {
    expect(inTrustDomains(value, ['td2', 'td1'])).toEqual(expected);
  });

  it('a wildcard that means both is there once', () => {
    expect(inTrustDomains(`*-td/${WEB}`, ['new-td', 'old-td'])).toEqual([`*-td/${WEB}`]);
  });
});

describe('identities with more in them than Istio puts there', () => {
  it.each<[string, boolean]>([
    ['cluster.local/ns/foo/sa/bar', true],
    ['cluster.local/ns/foo/sa/bar/extra/x', true],
    ['cluster.local/region/eu/ns/foo/sa/bar', true],
    ['cluster.local/ns/foo/pod/x/sa/bar', true],
    ['cluster.local/ns/foo/sa/baz', false],
    ['cluster.local/ns/foobar/sa/bar', false],
    ['cluster.local/ns/xfoo/sa/bar', false],
    ['cluster.local/sa/bar', false],
    ['', false],
  ])('%s is foo/bar: %s', (principal, expected) => {
    expect(serviceAccountTest('foo/bar', 'other')(principal)).toBe(expected);
    expect(serviceAccountTest('bar', 'foo')(principal)).toBe(expected);
  });

  it.each<[string, string, boolean, boolean]>([
    ['foo', 'cluster.local/ns/foo/sa/bar', true, true],
    ['foo', 'cluster.local/ns/foobar/sa/bar', false, false],
    ['*', 'cluster.local/ns/foo/sa/bar', true, true],
    ['*', 'cluster.local', false, false],
    ['f*o', 'cluster.local/ns/fooo/sa/bar', true, false],
    ['f.o', 'cluster.local/ns/foo/sa/bar', false, false],
  ])('namespace %s of %s: %s at an Envoy, %s at ztunnel', (value, principal, envoy, ztunnel) => {
    expect([namespaceTest(value, false)(principal), namespaceTest(value, true)(principal)]).toEqual([envoy, ztunnel]);
  });
});

describe('what Istio refuses', () => {
  it.each<[string, boolean]>([
    ['web', true],
    ['shop/web', true],
    [`shop/${'w'.repeat(315)}`, true],
    ['shop/*', false],
    ['a/b/c', false],
    ['/web', false],
    ['shop/', false],
    [`shop/${'w'.repeat(316)}`, false],
  ])('the service account %s: %s', (value, isTaken) => {
    expect(serviceAccountFault(value) === null).toBe(isTaken);
  });

  it.each<[string, boolean]>([
    ['cluster.local', true],
    ['*', true],
    ['*.example', true],
    ['td*', true],
    ['a*b', false],
    ['*a*', false],
    ['a/b', false],
  ])('the trust domain %s: %s', (value, isTaken) => {
    expect(trustDomainFault(value) === null).toBe(isTaken);
  });
});
