import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { AuthorizationSpec } from '../../../src/model/authorization.ts';
import { groupBy } from '../../../src/model/group.ts';
import { footpath, scratch } from '../../support/cli.ts';

/**
 * Each file of test/cases/istio-authorization but world.yaml is a case: policies, and requests with their answers. What a request
 * leaves out is as in `USUAL`, and what the command is told as in `SETTINGS`.
 */
const CASES = resolve(import.meta.dirname, '../../cases/istio-authorization');

interface Case {
  readonly about: string;
  readonly dataPlane?: string;
  readonly trustDomain?: readonly string[];
  readonly policies: readonly { readonly name: string; readonly namespace?: string; readonly dryRun?: string; readonly spec: AuthorizationSpec }[];
  readonly requests: readonly Asked[];
}

/** Fields of a request, what is answered, and how the command is told to. */
interface Asked {
  readonly allowed: boolean | null;
  readonly because?: string;
  readonly warnings?: readonly string[];
  readonly why?: string;
  readonly dataPlane?: string;
  readonly rootNamespace?: string;
  readonly [field: string]: unknown;
}

const USUAL = {
  dst: 'shop/reviews',
  port: 9080,
  protocol: 'HTTP',
  principal: 'cluster.local/ns/shop/sa/web',
  ip: '10.0.0.7',
  host: 'reviews',
  method: 'GET',
  path: '/',
};

const world = readFileSync(join(CASES, 'world.yaml'), 'utf8');
const cases = readdirSync(CASES)
  .filter((file) => file !== 'world.yaml')
  .toSorted()
  .map((file) => ({ name: file.replace('.yaml', ''), ...(parse(readFileSync(join(CASES, file), 'utf8')) as Case) }));

function manifestsOf({ policies }: Case): string {
  const objects = policies.map(({ name, namespace = 'shop', dryRun, spec }) => ({
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name, namespace, ...(dryRun === undefined ? {} : { annotations: { 'istio.io/dry-run': dryRun } }) },
    spec,
  }));
  const folder = scratch();
  writeFileSync(join(folder, 'world.yaml'), world);
  writeFileSync(join(folder, 'policies.json'), JSON.stringify(objects));
  return folder;
}

function settingsOf(one: Case, { dataPlane, rootNamespace }: Asked): readonly string[] {
  return [
    '--data-plane',
    dataPlane ?? one.dataPlane ?? 'sidecar',
    ...(rootNamespace === undefined ? [] : ['--root-namespace', rootNamespace]),
    ...(one.trustDomain === undefined ? [] : ['--trust-domain', ...one.trustDomain]),
  ];
}

const REQUEST = new Set([...Object.keys(USUAL), 'headers', 'sni']);
const requestOf = (asked: Asked): object => ({ ...USUAL, ...Object.fromEntries(Object.entries(asked).filter(([field]) => REQUEST.has(field))) });

describe('requests of known cases', () => {
  it.each(cases)('$name: $about', async (one) => {
    const folder = manifestsOf(one);
    for (const asked of groupBy(one.requests, (request) => settingsOf(one, request).join(' ')).values()) {
      const settings = asked[0] === undefined ? [] : settingsOf(one, asked[0]);
      const lines = asked.map((request, id) => JSON.stringify({ ...requestOf(request), id })).join('\n');
      const { status, out, err } = await footpath(['simulate', '--manifests', folder, '--requests', '-', ...settings], { stdin: lines });
      expect({ status, err: err.replaceAll(/^footpath: policy .* (narrows nothing|has no labels|asks for HTTP alone).*\n/gm, '') }).toEqual({ status: 0, err: '' });
      const answers = out.trimEnd().split('\n').map((line, i) => ({ ...asked[i], allowed: (JSON.parse(line) as Asked).allowed }));
      expect(answers).toEqual(asked);
    }
  });

  const explained = cases.flatMap((one) => one.requests.filter(({ because, warnings }) => (because ?? warnings) !== undefined).map((request) => ({ one, request, name: one.name })));
  it.each(explained)('$name: the reason of $request.allowed ($request.because$request.warnings)', async ({ one, request }) => {
    const result = await footpath(['simulate', '--manifests', manifestsOf(one), '--request', JSON.stringify(requestOf(request)), ...settingsOf(one, request)]);
    const { allowed, because, warnings } = request;
    expect(result.status).toBe(allowed === false ? 3 : 0);
    expect(result.json()).toMatchObject({ allowed, ...(because === undefined ? {} : { because }), ...(warnings === undefined ? {} : { warnings }) });
  });
});
