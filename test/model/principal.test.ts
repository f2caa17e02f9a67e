import { describe, expect, it } from 'vitest';
import { parseSpiffe, PLAINTEXT, principalText } from '../../src/model/principal.ts';

describe('the identity of a certificate', () => {
  it.each([
    'cluster.local/ns/shop/sa/web',
    'prod.example.com/ns/shop/sa/web',
    'td_1/ns/istio-system/sa/istio-ingressgateway.v2',
  ])('%s is read and written as it is', (principal) => {
    const parsed = parseSpiffe(`spiffe://${principal}`);
    expect(parsed === null ? null : principalText(parsed)).toBe(principal);
  });

  it.each([
    'https://cluster.local/ns/shop/sa/web',
    'spiffe:///ns/shop/sa/web',
    'spiffe://Cluster.local/ns/shop/sa/web',
    'spiffe://cluster|local/ns/shop/sa/web',
    'spiffe://cluster.local/ns/Shop/sa/web',
    'spiffe://cluster.local/ns/shop/sa/we..b',
    'spiffe://cluster.local/ns/shop/sa/',
    'spiffe://cluster.local/ns/shop/sa/web/x',
    'spiffe://cluster.local/ns/shop/sa/web\n',
    'spiffe://cluster.local/workload/web',
    `spiffe://${'a'.repeat(256)}/ns/shop/sa/web`,
  ])('%j is none', (uri) => {
    expect(parseSpiffe(uri)).toBeNull();
  });

  it('cannot be taken for none at all', () => {
    expect(parseSpiffe(`spiffe://${PLAINTEXT}`)).toBeNull();
  });
});
