import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { located, type LocatedFinding } from '../../src/cli/lint-text.ts';
import type { TypedObject } from '../../src/kubernetes/inventory.ts';
import { readLocated } from '../../src/kubernetes/located.ts';
import { lint } from '../../src/policy/lint/lint.ts';
import { lintWorld } from '../../src/policy/lint/world.ts';
import { scratch } from './cli.ts';
import { Learner } from './graph.ts';

/** A policy as text, and what a real API server says of it. */
export interface ServerCase {
  readonly name: string;
  readonly server: 'taken' | 'refused' | 'newer refuse';
  readonly spec?: string;
  readonly policy?: string;
}

const HEAD = 'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: default}\nspec:\n';

export function serverCases(): readonly ServerCase[] {
  return parse(readFileSync(join(import.meta.dirname, '../cases/lint/validation.yaml'), 'utf8')) as readonly ServerCase[];
}

export function policyText({ spec, policy }: Pick<ServerCase, 'spec' | 'policy'>): string {
  return policy ?? `${HEAD}${(spec ?? '').trimEnd().split('\n').map((line) => `  ${line}\n`).join('')}`;
}

/** What lint says of files with these texts, in a world of these objects beside them. */
export function linted(texts: readonly string[], world: readonly object[] = []): readonly LocatedFinding[] {
  const folder = scratch();
  const paths = texts.map((text, i) => {
    const path = join(folder, `${i}.yaml`);
    writeFileSync(path, text);
    return path;
  });
  const { objects, broken } = readLocated(paths);
  const graph = new Learner().know(...world, ...manifestsOf(objects)).graph();
  return located(lint(objects, lintWorld(graph)).findings, objects, broken);
}

function manifestsOf(objects: readonly TypedObject[]): readonly object[] {
  return objects.filter(({ kind }) => !kind.endsWith('Policy')).map(({ object }) => object as object);
}

