import { groupBy } from '../../model/group.ts';
import type { AuthorizationAction, AuthorizationPolicy } from '../../model/authorization.ts';
import type { Answer } from '../evaluate/evaluate.ts';
import { attaches, type Proxy } from './attach.ts';
import { normalisePath } from './path.ts';
import type { MeshRequest } from './request.ts';
import { compileRule, ruleMatches, type CompiledRule } from './rule.ts';

/**
 * Answers as Istio does: DENY before ALLOW, all is open where no ALLOW policy applies, AUDIT decides nothing. Whom CUSTOM asks is not
 * known here, so that what it lets through and nothing else denies is undecided.
 */

export interface MeshSettings {
  /** Policies of this namespace apply to the whole mesh. */
  readonly rootNamespace: string;
  /** The mesh's own first, then its aliases. */
  readonly trustDomains: readonly string[];
}

/** A policy as one kind of proxy enforces it for one protocol. */
interface Compiled {
  readonly title: string;
  readonly action: AuthorizationAction;
  readonly rules: readonly CompiledRule[];
  /** Rules that mean something else here than they say. */
  readonly warnings: readonly string[];
}

/** Ports of the sidecar itself, which are not led through it. */
const NOT_CAPTURED: ReadonlySet<number> = new Set([15_020, 15_021, 15_090]);

const NOTHING_SAID: readonly string[] = [];

export class AuthorizationSet {
  readonly #settings: MeshSettings;
  readonly #byNamespace: ReadonlyMap<string, readonly AuthorizationPolicy[]>;
  readonly #compiled = new Map<string, WeakMap<AuthorizationPolicy, Compiled>>();
  readonly #attached = new WeakMap<Proxy, readonly AuthorizationPolicy[]>();

  constructor(policies: readonly AuthorizationPolicy[], settings: MeshSettings) {
    this.#settings = settings;
    this.#byNamespace = groupBy(policies, ({ metadata }) => metadata.namespace);
  }

  /** Whether the proxy lets the request through. */
  evaluate(proxy: Proxy, request: MeshRequest): Answer {
    const { plane, workload } = proxy;
    const name = `${workload.namespace}/${workload.name}`;
    const answer = (allowed: boolean | null, because: string, warnings = NOTHING_SAID): Answer => ({ allowed, because, warnings });
    if (workload.hostNetwork) return answer(null, `${name} is on the host's network: no proxy of the mesh stands before it`);
    if (workload.completed) return answer(null, `${name} has completed: its address is free for another pod`);
    if (plane === 'sidecar' && NOT_CAPTURED.has(request.port)) return answer(true, `port ${request.port} is the sidecar's own, which no policy sees`);
    const path = request.path === null ? null : normalisePath(request.path);
    if (plane !== 'ztunnel' && request.protocol === 'HTTP' && request.path !== null && path === null) return answer(false, 'the proxy refuses the path, which holds a NUL');

    const seen: MeshRequest = { ...request, path };
    const attached = this.#attachedTo(proxy);
    const warnings = attached.flatMap((policy) => warningsOf(policy, plane));
    const enforced = attached.filter((policy) => isEnforced(policy, plane)).map((policy) => this.#compile(policy, proxy, seen));
    for (const policy of enforced) if (policy.action !== 'AUDIT') warnings.push(...policy.warnings, ...unsaidBy(policy, seen));

    const denying = firstMatch(enforced, 'DENY', seen);
    if (denying !== null) return answer(false, `${denying} denies it`, warnings);
    const allowing = enforced.filter(({ action }) => action === 'ALLOW');
    const admitting = firstMatch(allowing, 'ALLOW', seen);
    if (allowing.length > 0 && admitting === null) return answer(false, `no ALLOW rule of ${allowing.map(({ title }) => title).join(', ')} admits it`, warnings);
    const asking = firstMatch(enforced, 'CUSTOM', seen);
    if (asking !== null) return answer(null, `${asking} leaves it to its provider, whose answer is not known`, warnings);
    return answer(true, admitting === null ? `no AuthorizationPolicy keeps anything from ${name}` : `${admitting} admits it`, warnings);
  }

  #attachedTo(proxy: Proxy): readonly AuthorizationPolicy[] {
    let attached = this.#attached.get(proxy);
    if (attached === undefined) {
      const { rootNamespace } = this.#settings;
      const namespaces = new Set([rootNamespace, proxy.workload.namespace, proxy.gateway?.namespace, proxy.service?.namespace].filter((namespace) => namespace !== undefined));
      attached = [...namespaces].flatMap((namespace) => this.#byNamespace.get(namespace) ?? []).filter((policy) => attaches(policy, proxy, rootNamespace));
      this.#attached.set(proxy, attached);
    }
    return attached;
  }

  #compile(policy: AuthorizationPolicy, { plane }: Proxy, { protocol }: MeshRequest): Compiled {
    const key = `${plane} ${protocol}`;
    const known = this.#compiled.get(key) ?? new WeakMap<AuthorizationPolicy, Compiled>();
    this.#compiled.set(key, known);
    let compiled = known.get(policy);
    if (compiled === undefined) {
      const { action = 'ALLOW', rules = [] } = policy.spec;
      const enforcement = { action, plane, protocol, namespace: policy.metadata.namespace, trustDomains: this.#settings.trustDomains };
      const own = { title: titleOf(policy), action, rules: rules.map((rule) => compileRule(rule, enforcement)) };
      compiled = { ...own, warnings: unseenBy(own, plane) };
      known.set(policy, compiled);
    }
    return compiled;
  }
}

function titleOf({ metadata }: AuthorizationPolicy): string {
  return `${metadata.namespace}/${metadata.name}`;
}

/** `DENY rule 2 of shop/reviews`: the first of an action's that matches. */
function firstMatch(policies: readonly Compiled[], action: AuthorizationAction, request: MeshRequest): string | null {
  for (const policy of policies) {
    if (policy.action !== action) continue;
    const index = policy.rules.findIndex((rule) => ruleMatches(rule, request));
    if (index >= 0) return `${action} rule ${index + 1} of ${policy.title}`;
  }
  return null;
}

/** As Go reads a boolean. */
const YES: ReadonlySet<string> = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);

function isDryRun({ metadata }: AuthorizationPolicy): boolean {
  return YES.has(metadata.annotations?.['istio.io/dry-run'] ?? '');
}

function isEnforced(policy: AuthorizationPolicy, plane: Proxy['plane']): boolean {
  const { action = 'ALLOW' } = policy.spec;
  return !isDryRun(policy) && (plane !== 'ztunnel' || action === 'ALLOW' || action === 'DENY');
}

function warningsOf(policy: AuthorizationPolicy, plane: Proxy['plane']): string[] {
  if (isDryRun(policy)) return [`${titleOf(policy)} is a dry run: it is not enforced`];
  return isEnforced(policy, plane) ? [] : [`${titleOf(policy)}: ztunnel knows no action ${policy.spec.action ?? 'ALLOW'}, and leaves the policy out`];
}

function unseenBy({ title, action, rules }: Omit<Compiled, 'warnings'>, plane: Proxy['plane']): readonly string[] {
  return rules.flatMap(({ clauses, unseen }, i) => {
    if (unseen.length === 0) return [];
    const effect = clauses === null || clauses.some((alternatives) => alternatives.length === 0) ? 'it matches nothing' : 'it counts without';
    return [`${action} rule ${i + 1} of ${title} asks for ${unseen.join(', ')}, which ${plane === 'ztunnel' ? 'ztunnel' : 'a TCP connection'} does not have: ${effect}`];
  });
}

/** Attributes of a certificate: that there is none is an answer. */
const IDENTITY: ReadonlySet<string> = new Set(['source.principal', 'source.namespace', 'source.serviceAccount', 'source.trustDomain']);

function unsaidBy({ title, rules }: Compiled, request: MeshRequest): readonly string[] {
  const conditions = rules.flatMap(({ clauses }) => clauses ?? []).flat(2);
  const unsaid = conditions.filter((condition) => !IDENTITY.has(condition.attribute) && !condition.isSaid(request));
  return [...new Set(unsaid.map(({ attribute }) => attribute))].map((attribute) => `${title} asks for ${attribute}, of which the request says nothing: taken as absent`);
}
