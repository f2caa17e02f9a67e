import { parseCidr } from '../../model/address.ts';
import type {
  AuthorizationAction,
  AuthorizationCondition,
  AuthorizationOperation,
  AuthorizationPolicy,
  AuthorizationRule,
  AuthorizationSource,
  AuthorizationSpec,
  TargetRef,
} from '../../model/authorization.ts';
import { isLabelName } from '../../model/names.ts';
import { FieldCheck, type Problem } from '../validate/field-check.ts';
import { groupOf } from './attach.ts';
import { attributeOf, conditionAttribute, OPERATION, SOURCE, type ValueKind } from './attributes.ts';
import { serviceAccountFault, trustDomainFault } from './identity.ts';
import { pathFault } from './path.ts';
import { notField } from './rule.ts';

/** What an API server with Istio's schema and webhook says of an AuthorizationPolicy. */

export interface ValidatedAuthorization {
  /** Null if it would be refused. */
  readonly policy: AuthorizationPolicy | null;
  readonly problems: readonly Problem[];
  /** What is taken, and surely not meant. */
  readonly warnings: readonly Problem[];
}

/** Reads an object of kind AuthorizationPolicy, whatever it holds. A missing namespace is `default`, as kubectl has it. */
export function validateAuthorization(object: unknown): ValidatedAuthorization {
  const check = new Check();
  const policy = check.policy(object);
  return { policy: check.problems.length === 0 ? policy : null, problems: check.problems, warnings: check.warnings };
}

const ACTIONS: readonly unknown[] = ['ALLOW', 'DENY', 'AUDIT', 'CUSTOM'] satisfies AuthorizationAction[];
const TARGETS: ReadonlySet<string> = new Set(['core/Service', 'networking.istio.io/ServiceEntry', 'gateway.networking.k8s.io/Gateway', 'gateway.networking.k8s.io/GatewayClass']);
const DRY_RUN = 'istio.io/dry-run';
const BOOLEAN = /^(1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/;

/** Both forms of each field. */
const fieldsOf = (attributes: Readonly<Record<string, string>>): readonly string[] => Object.keys(attributes).flatMap((field) => [field, notField(field)]);
const SOURCE_FIELDS = fieldsOf(SOURCE);
const OPERATION_FIELDS = fieldsOf(OPERATION);

/** Sources that a CUSTOM policy cannot ask for: its provider is asked before they are known. */
const NOT_CUSTOM: ReadonlySet<string> = new Set(['source.principal', 'source.namespace', 'source.serviceAccount', 'source.trustDomain', 'request.auth.principal']);

/** What a DENY rule must have to spare the connections that are no HTTP. */
const NARROWS_TCP: readonly string[] = SOURCE_FIELDS.filter((field) => !/requestPrincipals/i.test(field));

class Check extends FieldCheck {
  policy(object: unknown): AuthorizationPolicy {
    const top = this.fields(object, 'policy', ['apiVersion', 'kind', 'metadata', 'spec', 'status']);
    const { apiVersion } = top;
    if (apiVersion !== 'security.istio.io/v1' && apiVersion !== 'security.istio.io/v1beta1') this.say('apiVersion', `must be security.istio.io/v1 or v1beta1, not ${JSON.stringify(apiVersion)}`);
    const { name, namespace = 'default', annotations } = this.metadata(top['metadata']);
    if (typeof namespace !== 'string' || !isLabelName(namespace)) this.say('metadata.namespace', 'must be a lowercase RFC 1123 label');
    const spec = this.#spec(top['spec']);
    const dryRun = new Map(this.texts(annotations, 'metadata.annotations')).get(DRY_RUN);
    if (typeof dryRun === 'string') this.#dryRun(dryRun, spec);
    return {
      apiVersion: apiVersion === 'security.istio.io/v1beta1' ? apiVersion : 'security.istio.io/v1',
      kind: 'AuthorizationPolicy',
      metadata: {
        name: typeof name === 'string' ? name : '',
        namespace: typeof namespace === 'string' ? namespace : '',
        ...(typeof dryRun === 'string' ? { annotations: { [DRY_RUN]: dryRun } } : {}),
      },
      spec,
    };
  }

  #dryRun(value: string, { action = 'ALLOW' }: AuthorizationSpec): void {
    if (action !== 'ALLOW' && action !== 'DENY') this.say('metadata.annotations', `${DRY_RUN} is for ALLOW and DENY alone`);
    else if (!BOOLEAN.test(value)) this.say('metadata.annotations', `${DRY_RUN} must be true or false`);
  }

  #spec(value: unknown): AuthorizationSpec {
    const spec = this.fields(value, 'spec', ['selector', 'targetRef', 'targetRefs', 'action', 'provider', 'rules']);
    const has = (key: string): boolean => spec[key] !== undefined && spec[key] !== null;
    if (['selector', 'targetRef', 'targetRefs'].filter(has).length > 1) this.say('spec', 'may have only one of selector, targetRef and targetRefs');
    const action = has('action') ? spec['action'] : 'ALLOW';
    if (!ACTIONS.includes(action)) this.say('spec.action', 'must be ALLOW, DENY, AUDIT or CUSTOM');
    const written = this.list(spec['rules'], 'spec.rules');
    if (written.length > 512) this.say('spec.rules', 'may not hold more than 512 rules');
    if (written.length === 0 && (action === 'DENY' || action === 'CUSTOM')) this.say('spec.rules', `a ${action} policy without rules never matches; the rule {} always does`);
    const provider = this.fields(spec['provider'], 'spec.provider', ['name']);
    if (action === 'CUSTOM' && written.length > 0 && (typeof provider['name'] !== 'string' || provider['name'] === '')) this.say('spec.provider.name', 'is needed by CUSTOM');
    if (action !== 'CUSTOM' && has('provider')) this.say('spec.provider', 'is for CUSTOM alone');
    const refs = this.list(spec['targetRefs'], 'spec.targetRefs');
    if (refs.length > 16) this.say('spec.targetRefs', 'may not hold more than 16 targets');
    const targetRefs = refs.map((ref, i) => this.#target(ref, `spec.targetRefs[${i}]`));
    const rules = written.map((rule, i) => this.#rule(rule, `spec.rules[${i}]`));
    if (action === 'CUSTOM') for (const [i, rule] of rules.entries()) this.#custom(rule, `spec.rules[${i}]`);
    if (action === 'DENY') for (const [i, rule] of rules.entries()) this.#deny(rule, `spec.rules[${i}]`);
    return {
      ...(has('selector') ? { selector: this.#workloads(spec['selector'], 'spec.selector') } : {}),
      ...(has('targetRef') ? { targetRef: this.#target(spec['targetRef'], 'spec.targetRef') } : {}),
      ...(targetRefs.length > 0 ? { targetRefs } : {}),
      action: ACTIONS.includes(action) ? (action as AuthorizationAction) : 'ALLOW',
      ...(typeof provider['name'] === 'string' ? { provider: { name: provider['name'] } } : {}),
      rules,
    };
  }

  #workloads(value: unknown, field: string): { readonly matchLabels?: Readonly<Record<string, string>> } {
    const { matchLabels } = this.fields(value, field, ['matchLabels']);
    const labels = this.texts(matchLabels, `${field}.matchLabels`).map(([key, text]): [string, string] => {
      if (key === '') this.say(`${field}.matchLabels`, 'may have no empty key');
      if (`${key}${text ?? ''}`.includes('*')) this.say(`${field}.matchLabels`, `${JSON.stringify(key)} may hold no wildcard`);
      if (text === null || text.length > 63) this.say(`${field}.matchLabels.${key}`, 'must be text of at most 63 characters');
      return [key, text ?? ''];
    });
    if (labels.length === 0) this.warn(field, 'has no labels: sidecars take that for every workload, ztunnel for none');
    return matchLabels === undefined || matchLabels === null ? {} : { matchLabels: Object.fromEntries(labels) };
  }

  #target(value: unknown, field: string): TargetRef {
    const { group, kind, name, namespace } = this.fields(value, field, ['group', 'kind', 'name', 'namespace']);
    const target = { group: typeof group === 'string' ? group : '', kind: typeof kind === 'string' ? kind : '', name: typeof name === 'string' ? name : '' };
    if (target.name === '' || target.name.length > 253) this.say(`${field}.name`, 'must be set');
    if (namespace !== undefined && namespace !== null && namespace !== '') this.say(`${field}.namespace`, 'must not be set: a target is in the namespace of its policy');
    if (!TARGETS.has(`${groupOf(target)}/${target.kind}`)) {
      this.say(field, 'must be a Gateway or GatewayClass of gateway.networking.k8s.io, a Service without a group, or a ServiceEntry of networking.istio.io');
    }
    return target;
  }

  #rule(value: unknown, field: string): AuthorizationRule {
    if (value === undefined || value === null) this.say(field, 'must be a rule; {} matches everything');
    const rule = this.fields(value, field, ['from', 'to', 'when']);
    for (const key of ['from', 'to']) if (Array.isArray(rule[key]) && rule[key].length === 0) this.warn(`${field}.${key}`, 'is empty, which is as if it were not there: it narrows nothing');
    const from = this.list(rule['from'], `${field}.from`);
    if (from.length > 512) this.say(`${field}.from`, 'may not hold more than 512 sources');
    return {
      from: from.map((item, i) => ({ source: this.#source(item, `${field}.from[${i}]`) })),
      to: this.list(rule['to'], `${field}.to`).map((item, i) => ({ operation: this.#operation(item, `${field}.to[${i}]`) })),
      when: this.list(rule['when'], `${field}.when`).map((item, i) => this.#condition(item, `${field}.when[${i}]`)),
    };
  }

  #source(value: unknown, field: string): AuthorizationSource {
    const source = this.#part(value, field, 'source', SOURCE);
    const some = (fields: readonly string[]): boolean => fields.some((name) => (source[name] ?? []).length > 0);
    if (some(['serviceAccounts', 'notServiceAccounts']) && some(['principals', 'notPrincipals', 'namespaces', 'notNamespaces'])) {
      this.say(`${field}.source`, 'may not have serviceAccounts beside principals or namespaces');
    }
    for (const name of ['serviceAccounts', 'notServiceAccounts']) if ((source[name] ?? []).length > 16) this.say(`${field}.source.${name}`, 'may not hold more than 16 values');
    return source;
  }

  #operation(value: unknown, field: string): AuthorizationOperation {
    return this.#part(value, field, 'operation', OPERATION);
  }

  /** `{source: …}` or `{operation: …}`, neither of which may be empty. */
  #part(value: unknown, field: string, name: 'source' | 'operation', attributes: Readonly<Record<string, string>>): Readonly<Record<string, readonly string[]>> {
    const outer = this.fields(value, field, [name]);
    const at = `${field}.${name}`;
    const inner = this.fields(outer[name], at, name === 'source' ? SOURCE_FIELDS : OPERATION_FIELDS);
    const lists = Object.entries(attributes).flatMap(([key, attribute]) =>
      [key, notField(key)].map((own) => [own, this.#values(inner[own], `${at}.${own}`, attributeOf(attribute)?.values ?? 'text')] as const),
    );
    const filled = lists.filter(([, values]) => values.length > 0);
    if (filled.length === 0) this.say(at, 'must say something');
    return Object.fromEntries(filled);
  }

  #values(value: unknown, field: string, kind: ValueKind): readonly string[] {
    return this.list(value, field).map((item, i) => {
      const fault = typeof item === 'string' ? faultOf(item, kind) : 'must be text';
      if (fault !== null) this.say(`${field}[${i}]`, fault);
      return String(item);
    });
  }

  #condition(value: unknown, field: string): AuthorizationCondition {
    const { key, ...lists } = this.fields(value, field, ['key', 'values', 'notValues']);
    const attribute = typeof key === 'string' ? conditionAttribute(key) : null;
    if (attribute === null) this.say(`${field}.key`, `${JSON.stringify(key) ?? 'nothing'} is no attribute that Istio knows`);
    const kind = attribute?.values ?? 'text';
    const [values, notValues] = [this.#values(lists['values'], `${field}.values`, kind), this.#values(lists['notValues'], `${field}.notValues`, kind)];
    if (values.length + notValues.length === 0) this.say(field, 'must have values or notValues');
    for (const [name, list] of Object.entries({ values, notValues })) if (kind === 'service-account' && list.length > 16) this.say(`${field}.${name}`, 'may not hold more than 16 values');
    return { key: String(key), values, notValues };
  }

  #custom({ from = [], when = [] }: AuthorizationRule, field: string): void {
    for (const [i, { source }] of from.entries()) {
      for (const [name, attribute] of Object.entries(SOURCE)) {
        for (const own of [name, notField(name)]) {
          if (NOT_CUSTOM.has(attribute) && Object.hasOwn(source, own)) this.say(`${field}.from[${i}].source.${own}`, 'cannot be asked for by CUSTOM');
        }
      }
    }
    for (const [i, { key }] of when.entries()) if (NOT_CUSTOM.has(key) || key.startsWith('request.auth.')) this.say(`${field}.when[${i}].key`, 'cannot be asked for by CUSTOM');
  }

  #deny({ from = [], to = [] }: AuthorizationRule, field: string): void {
    const has = (lists: object, fields: readonly string[]): boolean => fields.some((name) => Object.hasOwn(lists, name));
    const isNarrow = to.length > 0 ? to.some(({ operation }) => has(operation, ['ports', 'notPorts'])) : from.length === 0 || from.some(({ source }) => has(source, NARROWS_TCP));
    if (!isNarrow) this.warn(field, 'asks for HTTP alone: connections that are no HTTP are denied whatever they are; say which ports are meant');
  }
}

function faultOf(value: string, kind: ValueKind): string | null {
  if (value === '') return 'must not be empty';
  switch (kind) {
    case 'text':
      return null;
    case 'address':
      return parseCidr(value) === null ? 'must be an address or a range such as 203.0.113.0/24' : null;
    case 'port':
      return /^[0-9]+$/.test(value) && Number(value) <= 65_535 ? null : 'must be a number up to 65535, as text';
    case 'service-account':
      return serviceAccountFault(value);
    case 'trust-domain':
      return trustDomainFault(value);
    case 'path':
      return pathFault(value);
  }
}
