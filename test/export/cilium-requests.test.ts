import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { CiliumPolicies, type CiliumPolicy } from '../support/cilium-evaluator.ts';
import { podEnd } from '../support/policy.ts';

/** The policies of a known case, asked by Cilium's rules: what was seen to be performed goes on, and nothing else does. */
const file = resolve(import.meta.dirname, join('..', 'cases', 'policies', 'requests', 'expected.cilium.yaml'));
const documents = parseAllDocuments(readFileSync(file, 'utf8')).map((document) => document.toJS() as CiliumPolicy);
const policies = new CiliumPolicies(documents, { nodes: new Set(), apiservers: new Set(), dns: new Map(), ends: [] });

const cart = podEnd('shop/cart-0', { app: 'cart' });
const clients = { web: podEnd('shop/web-0', { app: 'web' }), coredns: podEnd('kube-system/coredns-0', { 'k8s-app': 'kube-dns' }), other: podEnd('shop/other-0', { app: 'other' }) };
type Client = keyof typeof clients;

describe('requests that were seen', () => {
  it.each<readonly [Client, string, string]>([
    ['web', 'GET', '/cart/1234'],
    ['web', 'GET', '/cart/9?fresh=1'],
    ['web', 'GET', '/cart/5678;jsessionid=AB12'],
    ['web', 'POST', '/cart/1234/items'],
    ['web', 'GET', '/v1.0/prices'],
    ['coredns', 'GET', '/healthz'],
  ])('%s: %s %s goes on', (client, method, path) => expect(policies.allows(clients[client], cart, 8080, 'TCP', { method, path })).toBe(true));

  it.each<readonly [Client, string, string]>([
    ['web', 'GET', '/admin'],
    ['web', 'DELETE', '/cart/1234'],
    ['web', 'GET', '/cart/1234/items'],
    ['web', 'GET', '/v1x0/prices'],
    ['web', 'GET', '/healthz'],
    ['coredns', 'GET', '/cart/1234'],
    ['other', 'GET', '/cart/1234'],
  ])('%s: %s %s is refused', (client, method, path) => expect(policies.allows(clients[client], cart, 8080, 'TCP', { method, path })).toBe(false));

  it('of another port are not looked into', () => {
    expect([policies.allows(clients.web, cart, 9090, 'TCP', { method: 'GET', path: '/any' }), policies.allows(clients.coredns, cart, 9090, 'TCP')]).toEqual([true, false]);
  });
});
