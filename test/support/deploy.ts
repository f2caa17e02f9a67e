import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';

const folder = resolve(import.meta.dirname, '../../deploy');

/** Path of something in `deploy/`. */
export const deploy = (...path: readonly string[]): string => join(folder, ...path);

export const deployText = (...path: readonly string[]): string => readFileSync(deploy(...path), 'utf8');

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: unknown;
  readonly [more: string]: unknown;
}

/** The objects of a YAML stream. */
export const manifests = (text: string): readonly Manifest[] => parseAllDocuments(text, { version: '1.1' }).map((document) => document.toJS() as Manifest);

export interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The rules for Prometheus, by group. */
export const ruleGroups = (): { readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[] } => parse(deployText('prometheus/footpath.rules.yaml')) as ReturnType<typeof ruleGroups>;

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: unknown;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly refId: string; readonly expr: string; readonly datasource: unknown }[];
}

export interface Dashboard {
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string; readonly query: string | { readonly query: string } }[] };
}

export const dashboard = (): Dashboard => JSON.parse(deployText('grafana/footpath.json')) as Dashboard;
