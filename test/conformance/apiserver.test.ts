import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { validatePolicy } from '../../src/policy/validate.ts';
import { hasApiServer, startApiServer, type ApiServer } from '../support/apiserver.ts';
import { footpath, scratch } from '../support/cli.ts';

const PORT = 26_443;
const path = (namespace: string): string => `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies?dryRun=All&fieldValidation=Strict`;

const policy = (spec: unknown, more: object = {}): object => ({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'p', namespace: 'default' }, spec, ...more });
const from = (peer: unknown): object => policy({ podSelector: {}, ingress: [{ from: [peer] }] });
const ports = (...list: readonly unknown[]): object => policy({ podSelector: {}, ingress: [{ ports: list }] });
const block = (cidr: unknown, ...except: readonly unknown[]): object => from({ ipBlock: { cidr, ...(except.length > 0 ? { except } : {}) } });
const expression = (value: unknown): object => policy({ podSelector: { matchExpressions: [value] } });

/** Policies of every kind of rightness and wrongness. Who is right about them is asked of the server. */
const CASES: readonly (readonly [string, unknown])[] = [
  ['everything closed', policy({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] })],
  ['no podSelector', policy({})],
  ['no spec', policy(undefined)],
  ['null spec', policy(null)],
  ['spec that is a list', policy([])],
  ['status', policy({ podSelector: {} }, { status: {} })],
  ['unknown field at the top', policy({ podSelector: {} }, { sepc: {} })],
  ['unknown field in the spec', policy({ podSelector: {}, egres: [] })],
  ['unknown field in a rule', policy({ podSelector: {}, ingress: [{ form: [] }] })],
  ['unknown field in a selector', policy({ podSelector: { matchLabel: { a: 'b' } } })],
  ['unknown field in the metadata', policy({ podSelector: {} }, { metadata: { name: 'p', namespace: 'default', lables: {} } })],
  ['no name', policy({ podSelector: {} }, { metadata: { namespace: 'default' } })],
  ['a name with dots', policy({ podSelector: {} }, { metadata: { name: 'a.b-c', namespace: 'default' } })],
  ['an upper-case name', policy({ podSelector: {} }, { metadata: { name: 'P', namespace: 'default' } })],
  ['a name that is a number', policy({ podSelector: {} }, { metadata: { name: 7, namespace: 'default' } })],
  ['a label on the policy that is none', policy({ podSelector: {} }, { metadata: { name: 'p', namespace: 'default', labels: { 'a b': 'c' } } })],
  ['an annotation that is a number', policy({ podSelector: {} }, { metadata: { name: 'p', namespace: 'default', annotations: { a: 1 } } })],
  ['another policyType', policy({ podSelector: {}, policyTypes: ['ingress'] })],
  ['a policyType twice', policy({ podSelector: {}, policyTypes: ['Ingress', 'Ingress'] })],
  ['three policyTypes', policy({ podSelector: {}, policyTypes: ['Ingress', 'Egress', 'Ingress'] })],
  ['no policyTypes but null', policy({ podSelector: {}, policyTypes: null })],
  ['a rule for all', policy({ podSelector: {}, ingress: [{}] })],
  ['a rule that is null', policy({ podSelector: {}, ingress: [null] })],
  ['rules that are an object', policy({ podSelector: {}, ingress: {} })],
  ['egress rule with from', policy({ podSelector: {}, egress: [{ from: [] }] })],
  ['an empty peer', from({})],
  ['a null peer', from(null)],
  ['an empty podSelector peer', from({ podSelector: {} })],
  ['both selectors', from({ podSelector: {}, namespaceSelector: { matchLabels: { a: 'b' } } })],
  ['ipBlock with podSelector', from({ podSelector: {}, ipBlock: { cidr: '10.0.0.0/8' } })],
  ['ipBlock with namespaceSelector', from({ namespaceSelector: {}, ipBlock: { cidr: '10.0.0.0/8' } })],
  ['ipBlock null and podSelector', from({ podSelector: {}, ipBlock: null })],
  ['ipBlock without cidr', from({ ipBlock: {} })],
  ['an address', block('10.0.0.1')],
  ['an address with its length', block('10.0.0.1/32')],
  ['host bits', block('10.0.0.1/8')],
  ['leading zeros', block('010.0.0.0/8')],
  ['a leading zero in the length', block('10.0.0.0/08')],
  ['too long a length', block('10.0.0.0/33')],
  ['IPv6', block('2001:db8::/64')],
  ['IPv6 spelled otherwise', block('2001:DB8:0:0::/64')],
  ['IPv4 in IPv6', block('::ffff:10.0.0.0/104')],
  ['an IPv6 zone', block('fe80::1%eth0/64')],
  ['a cidr that is a number', block(10)],
  ['except inside', block('10.0.0.0/8', '10.1.0.0/16')],
  ['except outside', block('10.0.0.0/8', '11.0.0.0/16')],
  ['except equal', block('10.0.0.0/8', '10.0.0.0/8')],
  ['except wider', block('10.0.0.0/8', '10.0.0.0/7')],
  ['except of the other family', block('10.0.0.0/8', '2001:db8::/64')],
  ['except that is none', block('10.0.0.0/8', '10.1')],
  ['except with host bits', block('10.0.0.0/8', '10.1.2.3/16')],
  ['the world but a part', block('0.0.0.0/0', '10.0.0.0/8', '192.168.0.0/16')],
  ['TCP', ports({ protocol: 'TCP', port: 80 })],
  ['SCTP', ports({ protocol: 'SCTP', port: 80 })],
  ['ICMP', ports({ protocol: 'ICMP' })],
  ['lower-case protocol', ports({ protocol: 'tcp', port: 80 })],
  ['an empty port', ports({})],
  ['a null port', ports(null)],
  ['port 0', ports({ port: 0 })],
  ['port 65535', ports({ port: 65_535 })],
  ['port 65536', ports({ port: 65_536 })],
  ['a negative port', ports({ port: -1 })],
  ['a fraction of a port', ports({ port: 80.5 })],
  ['a named port', ports({ port: 'http' })],
  ['a port as text', ports({ port: '80' })],
  ['an upper-case port name', ports({ port: 'HTTP' })],
  ['a port name of 15', ports({ port: 'a23456789012345' })],
  ['a port name of 16', ports({ port: 'a234567890123456' })],
  ['a port name with two hyphens', ports({ port: 'a--b' })],
  ['a port name that begins with a hyphen', ports({ port: '-a' })],
  ['an empty port name', ports({ port: '' })],
  ['a range', ports({ port: 80, endPort: 90 })],
  ['a range of one', ports({ port: 80, endPort: 80 })],
  ['a range backwards', ports({ port: 80, endPort: 79 })],
  ['endPort alone', ports({ endPort: 90 })],
  ['endPort 0 alone', ports({ endPort: 0 })],
  ['endPort behind a name', ports({ port: 'http', endPort: 90 })],
  ['endPort 65536', ports({ port: 80, endPort: 65_536 })],
  ['labels', policy({ podSelector: { matchLabels: { 'app.kubernetes.io/name': 'a', b: '' } } })],
  ['a label value with a space', policy({ podSelector: { matchLabels: { a: 'b c' } } })],
  ['a label value of 64', policy({ podSelector: { matchLabels: { a: 'b'.repeat(64) } } })],
  ['a label value that is a number', policy({ podSelector: { matchLabels: { a: 1 } } })],
  ['a label value that is null', policy({ podSelector: { matchLabels: { a: null } } })],
  ['a label key with two slashes', policy({ podSelector: { matchLabels: { 'a/b/c': 'd' } } })],
  ['a label key with an upper-case prefix', policy({ podSelector: { matchLabels: { 'Example.com/b': 'd' } } })],
  ['an empty label key', policy({ podSelector: { matchLabels: { '': 'd' } } })],
  ['matchLabels that are a list', policy({ podSelector: { matchLabels: ['a'] } })],
  ['matchLabels that are text', policy({ podSelector: { matchLabels: 'a' } })],
  ['matchLabels null', policy({ podSelector: { matchLabels: null } })],
  ['In', expression({ key: 'a', operator: 'In', values: ['b', 'c'] })],
  ['In without values', expression({ key: 'a', operator: 'In' })],
  ['In an empty list', expression({ key: 'a', operator: 'In', values: [] })],
  ['In with a value that is none', expression({ key: 'a', operator: 'In', values: ['b c'] })],
  ['Exists', expression({ key: 'a', operator: 'Exists' })],
  ['Exists with values', expression({ key: 'a', operator: 'Exists', values: ['b'] })],
  ['DoesNotExist with no values', expression({ key: 'a', operator: 'DoesNotExist', values: [] })],
  ['another operator', expression({ key: 'a', operator: 'Gt', values: ['1'] })],
  ['lower-case operator', expression({ key: 'a', operator: 'in', values: ['1'] })],
  ['an expression without a key', expression({ operator: 'Exists' })],
  ['a null expression', expression(null)],
  ['an older version', policy({ podSelector: {} }, { apiVersion: 'extensions/v1beta1' })],
];

if (!hasApiServer && (process.env['FOOTPATH_CI'] ?? '') === '') it.skip('a real API server: none was built (.ci/run builds one)');
else {
  describe('a real API server', () => {
    let server: ApiServer;
    beforeAll(async () => {
      server = await startApiServer(PORT);
    });
    afterAll(() => server.stop());

    it.each(CASES)('agrees about %s', async (_, object) => {
      const { status, reason } = await server.create(path('default'), object);
      const { problems, warnings } = validatePolicy(object);
      const ours = [...problems, ...warnings];
      const said = ours.map(({ field, message }) => `${field}: ${message}`).join('; ');
      expect(ours.length === 0, `the server: ${status} ${reason}\nfootpath: ${said}`).toBe(status === 201);
    });

    it('as it was in Kubernetes 1.33 took the ranges that are only warned of', async () => {
      const older = await startApiServer(PORT + 10, ['--emulated-version=1.33']);
      try {
        const warned = CASES.filter(([, object]) => validatePolicy(object).warnings.some(({ field }) => field.includes('ipBlock')));
        expect(warned.length).toBeGreaterThan(2);
        for (const [name, object] of warned) expect((await older.create(path('default'), object)).status, name).toBe(201);
      } finally {
        await older.stop();
      }
    });

    it('takes what the demo proposes, default deny included', async () => {
      const folder = join(scratch(), 'demo');
      await footpath(['demo', '--out', folder]);
      const proposed = await footpath(['propose', '--default-deny', '-o', 'json', '--db', join(folder, 'footpath.db')]);
      const { items } = proposed.json() as { readonly items: readonly { readonly metadata: { readonly name: string; readonly namespace: string } }[] };
      expect(items.length).toBeGreaterThan(12);
      for (const namespace of new Set(items.map(({ metadata }) => metadata.namespace))) {
        await server.create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
      }
      for (const item of items) {
        const { status, reason } = await server.create(path(item.metadata.namespace), item);
        expect(status, `${item.metadata.namespace}/${item.metadata.name}: ${reason}`).toBe(201);
      }
    });
  });
}
