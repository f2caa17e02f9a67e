import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { configuredSources } from '../../src/cli/serve/sources.ts';
import { isLoopback, parseListen } from '../../src/api/listen.ts';
import { readConfig } from '../../src/config.ts';
import { RESOURCES } from '../../src/kubernetes/resources.ts';
import { deploy, deployText, manifests, ruleGroups, type Manifest } from '../support/deploy.ts';
import { filesBelow } from '../support/files.ts';

const all = filesBelow(deploy('kubernetes'));
const files = all.filter((path) => path.endsWith('.yaml'));
const { version } = JSON.parse(readFileSync(deploy('../package.json'), 'utf8')) as { readonly version: string };

interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

interface StatefulSet {
  readonly replicas: number;
  readonly template: {
    readonly spec: {
      readonly terminationGracePeriodSeconds: number;
      readonly containers: readonly { readonly image: string; readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[]; readonly ports: readonly { readonly containerPort: number }[] }[];
      readonly volumes: readonly { readonly name: string; readonly secret?: { readonly secretName: string } }[];
    };
  };
}

const base = (file: string): readonly Manifest[] => manifests(deployText('kubernetes/base', file));
const set = base('statefulset.yaml')[0]?.spec as StatefulSet;
const [container] = set.template.spec.containers;

describe('the manifests', () => {
  it('let Footpath read what it lists, and nothing else', () => {
    const role = base('rbac.yaml').find(({ kind }) => kind === 'ClusterRole') as unknown as { readonly rules: readonly PolicyRule[] };
    for (const { verbs } of role.rules) expect(verbs).toEqual(['get', 'list', 'watch']);
    const granted = role.rules.flatMap(({ apiGroups, resources }) => apiGroups.flatMap((group) => resources.map((name) => `${name}.${group}`)));
    const listed = RESOURCES.map(({ group, name }) => `${name}.${group}`);
    expect(granted.toSorted()).toEqual([...new Set(listed)].toSorted());
  });

  it('have configurations that serve takes, and that others reach by a token alone', () => {
    const configs = files.filter((path) => path.endsWith('/footpath.yaml'));
    expect(configs.length).toBe(3);
    const mounted = new Map(container!.volumeMounts.map(({ name, mountPath }) => [mountPath, name]));
    for (const path of configs) {
      const config = readConfig(path);
      expect(configuredSources(config).length, path).toBe(1);
      const { host, port } = parseListen(config.listen);
      expect([isLoopback(host), port], path).toEqual([false, container!.ports[0]!.containerPort]);
      expect(mounted.get((config.listenTokenFile ?? '').replace(/\/token$/, '')), path).toBe('token');
      expect(config.inventory.kubernetes, path).toBe(true);
    }
    expect(set.template.spec.volumes.find(({ name }) => name === 'token')?.secret?.secretName).toBe('footpath-token');
  });

  it('run one pod for the one database, with time to end, of this version', () => {
    expect(set.replicas).toBe(1);
    expect(set.template.spec.terminationGracePeriodSeconds).toBeGreaterThan(10);
    expect(container!.image).toBe(`footpath:${version}`);
    for (const path of files.filter((one) => one.endsWith('kustomization.yaml'))) {
      const { images = [] } = parse(readFileSync(path, 'utf8')) as { readonly images?: readonly { readonly newTag: string }[] };
      for (const { newTag } of images) expect(newTag, path).toBe(version);
    }
  });

  it('hold no secret', () => {
    for (const path of files) for (const kind of manifests(readFileSync(path, 'utf8')).map((one) => one.kind)) expect(kind, path).not.toBe('Secret');
  });

  it('give the Prometheus operator the rules that Prometheus is given (scripts/prometheus-rule.mjs writes them)', () => {
    const [rule] = manifests(deployText('kubernetes/components/prometheus-operator/prometheusrule.yaml'));
    expect(rule?.spec).toEqual(ruleGroups());
  });
});
