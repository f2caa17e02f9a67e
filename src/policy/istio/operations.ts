import type { AuthorizationOperation } from '../../model/authorization.ts';
import type { Operation } from '../../model/flow.ts';
import { groupBy } from '../../model/group.ts';
import type { Widening } from '../../model/proposal.ts';
import { normalisePath, pathFault } from './path.ts';

/** What a policy says of requests to a port: operations that stand for just these methods and paths, or null if they cannot be written. */
export function operationsOf(port: number, seen: readonly Operation[]): { readonly operations: readonly AuthorizationOperation[]; readonly widenings: readonly Widening[] } | null {
  const methods = new Map<string, Set<string>>();
  const widenings: Widening[] = [];
  for (const { method, path } of seen) {
    const pattern = pathPattern(path);
    if (pattern === null) return null;
    if (pattern.endsWith(REST)) widenings.push({ reason: 'paths-below', beyond: pattern });
    methods.set(pattern, (methods.get(pattern) ?? new Set()).add(method));
  }
  if (methods.size === 0) return null;
  const byMethods = groupBy([...methods].toSorted(([a], [b]) => (a < b ? -1 : 1)), ([, own]) => [...own].toSorted().join(' '));
  const operations = [...byMethods].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([names, paths]) => ({ ports: [String(port)], methods: names.split(' '), paths: paths.map(([path]) => path) }));
  return { operations, widenings };
}

const REST = '/{**}';

/** A stored template as Istio writes it, `{*}` for a segment that is an id; null where it cannot. */
export function pathPattern(template: string): string | null {
  // Its own end of a path that was cut.
  const cut = template.indexOf('{more}');
  const whole = cut < 0 ? template : `${template.slice(0, template.lastIndexOf('/', cut))}${REST}`;
  const path = normalisePath(whole);
  if (path === null || !whole.startsWith('/')) return null;
  const pattern = path.split('/').map((segment) => (segment === '{id}' ? '{*}' : segment)).join('/');
  // A value that ends in an asterisk means whatever begins so.
  return pattern.endsWith('*') || pathFault(pattern) !== null ? null : pattern;
}
