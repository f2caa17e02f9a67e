import { parseCidr } from '../../model/address.ts';
import { ADMIN_GROUP, ADMIN_KINDS, type AdminKind, type AdminPeer, type AdminPolicy, type AdminPort, type AdminRule, type SelectedPods } from '../../model/admin-policy.ts';
import { isPortName } from '../../model/names.ts';
import { FieldCheck, isPortNumber, type Fields, type Problem } from './field-check.ts';

/** What the schema of network-policy-api says of its kinds (v1alpha1, and ClusterNetworkPolicy since v1alpha2). */

export interface ValidatedAdmin {
  /** Null if an API server would refuse it. */
  readonly policy: AdminPolicy | null;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

const PROTOCOLS = { tcp: 'TCP', udp: 'UDP', sctp: 'SCTP' } as const;
const LAST_PORT = 65_535;
/** A label or `*`, then labels: `kubernetes.io`, `*.kubernetes.io`. */
const DOMAIN_LABEL = /^[a-zA-Z0-9](?:[-a-zA-Z0-9_]*[a-zA-Z0-9])?$/;

interface Form {
  readonly versions: readonly string[];
  readonly spec: readonly string[];
  readonly actions: Readonly<Record<string, AdminRule['action']>>;
  /** The field of a rule that names ports. */
  readonly ports: 'ports' | 'protocols';
  readonly maxRules: number;
  readonly maxItems: number;
}

const OLD = { versions: ['v1alpha1'], ports: 'ports', maxRules: 100, maxItems: 100 } as const;
const FORMS: Readonly<Record<AdminKind, Form>> = {
  AdminNetworkPolicy: { ...OLD, spec: ['priority', 'subject', 'ingress', 'egress'], actions: { Allow: 'Allow', Deny: 'Deny', Pass: 'Pass' } },
  BaselineAdminNetworkPolicy: { ...OLD, spec: ['subject', 'ingress', 'egress'], actions: { Allow: 'Allow', Deny: 'Deny' } },
  ClusterNetworkPolicy: {
    versions: ['v1alpha2', 'v1beta1'],
    spec: ['tier', 'priority', 'subject', 'ingress', 'egress'],
    actions: { Accept: 'Allow', Deny: 'Deny', Pass: 'Pass' },
    ports: 'protocols',
    maxRules: 25,
    maxItems: 25,
  },
};

export function isAdminKind(kind: string): kind is AdminKind {
  return (ADMIN_KINDS as readonly string[]).includes(kind);
}

/** Reads an object of one of these kinds, whatever it holds. */
export function validateAdminPolicy(kind: AdminKind, object: unknown): ValidatedAdmin {
  const check = new Check(kind);
  const policy = check.policy(object);
  return { policy: check.problems.length === 0 ? policy : null, problems: check.problems, warnings: check.warnings };
}

class Check extends FieldCheck {
  readonly #kind: AdminKind;
  readonly #form: Form;

  constructor(kind: AdminKind) {
    super();
    this.#kind = kind;
    this.#form = FORMS[kind];
  }

  policy(object: unknown): AdminPolicy {
    const top = this.fields(object, 'policy', ['apiVersion', 'kind', 'metadata', 'spec', 'status']);
    const versions = this.#form.versions.map((version) => `${ADMIN_GROUP}/${version}`);
    if (!versions.includes(top['apiVersion'] as string)) this.say('apiVersion', `must be ${versions.join(' or ')}, not ${JSON.stringify(top['apiVersion'])}`);
    const { name } = this.metadata(top['metadata']);
    const spec = this.fields(top['spec'], 'spec', this.#form.spec);
    const isBaseline = this.#kind === 'BaselineAdminNetworkPolicy';
    if (isBaseline && name !== 'default') this.say('metadata.name', 'must be default: a cluster has only one BaselineAdminNetworkPolicy');
    if (this.#kind === 'ClusterNetworkPolicy' && spec['tier'] !== 'Admin' && spec['tier'] !== 'Baseline') this.say('spec.tier', 'must be Admin or Baseline');
    const priority = spec['priority'];
    const isPriority = typeof priority === 'number' && Number.isInteger(priority) && priority >= 0 && priority <= 1_000;
    if (!isBaseline && !isPriority) this.say('spec.priority', 'must be a number from 0 to 1000');
    return {
      kind: this.#kind,
      name: String(name),
      tier: isBaseline || spec['tier'] === 'Baseline' ? 'Baseline' : 'Admin',
      // Of a kind that has none, there is one at most.
      priority: isPriority ? priority : 1_000,
      subject: this.#subject(spec['subject']),
      ingress: this.#rules(spec['ingress'], 'spec.ingress', 'from'),
      egress: this.#rules(spec['egress'], 'spec.egress', 'to'),
    };
  }

  #subject(value: unknown): SelectedPods {
    const subject = this.fields(value, 'spec.subject', ['namespaces', 'pods']);
    return this.#pods(this.#only(subject, 'spec.subject'), subject, 'spec.subject');
  }

  /** The one field that is set, and may be. */
  #only(fields: Fields, field: string): string {
    const set = Object.keys(fields).filter((key) => fields[key] !== undefined && fields[key] !== null);
    if (set.length !== 1) this.say(field, 'must have exactly one field');
    return set[0] ?? '';
  }

  /** `namespaces` or `pods`. */
  #pods(key: string, fields: Fields, field: string): SelectedPods {
    if (key === 'namespaces') return { namespaceSelector: this.selector(fields['namespaces'], `${field}.namespaces`), podSelector: {} };
    const at = `${field}.pods`;
    const pods = this.fields(fields['pods'], at, ['namespaceSelector', 'podSelector']);
    return { namespaceSelector: this.selector(pods['namespaceSelector'], `${at}.namespaceSelector`), podSelector: this.selector(pods['podSelector'], `${at}.podSelector`) };
  }

  #rules(value: unknown, field: string, peers: 'from' | 'to'): readonly AdminRule[] {
    const { ports, actions, maxRules, maxItems } = this.#form;
    const rules = this.#bounded(value, field, 0, maxRules);
    return rules.map((item, i): AdminRule => {
      const at = `${field}[${i}]`;
      const rule = this.fields(item, at, ['name', 'action', peers, ports]);
      const { name, action } = rule;
      if (name !== undefined && name !== null && (typeof name !== 'string' || name.length > 100)) this.say(`${at}.name`, 'must be text of at most 100 characters');
      const known = typeof action === 'string' && Object.hasOwn(actions, action) ? actions[action] : undefined;
      if (known === undefined) this.say(`${at}.action`, `must be one of ${Object.keys(actions).join(', ')}`);
      const read: AdminRule = {
        name: typeof name === 'string' ? name : '',
        action: known ?? 'Deny',
        peers: this.#bounded(rule[peers], `${at}.${peers}`, 1, maxItems).map((peer, n) => this.#peer(peer, `${at}.${peers}[${n}]`, peers)),
        ports: rule[ports] === undefined || rule[ports] === null ? [] : this.#bounded(rule[ports], `${at}.${ports}`, 1, maxItems).map((port, n) => this.#port(port, `${at}.${ports}[${n}]`)),
      };
      const isOutside = read.peers.some(({ type }) => type !== 'pods');
      if (isOutside && read.ports.some(({ type }) => type === 'name')) this.say(`${at}.${ports}`, 'may not name ports beside peers that are no pods: only pods have names for them');
      if (read.action !== 'Allow' && read.peers.some(({ type }) => type === 'domain-names')) this.say(`${at}.${peers}`, 'may name domains only where traffic is allowed');
      return read;
    });
  }

  #bounded(value: unknown, field: string, min: number, max: number): readonly unknown[] {
    const items = this.list(value, field);
    if (items.length < min) this.say(field, 'must have at least one item');
    if (items.length > max) this.say(field, `may have at most ${max} items`);
    return items;
  }

  #peer(value: unknown, field: string, direction: 'from' | 'to'): AdminPeer {
    const peer = this.fields(value, field, direction === 'from' ? ['namespaces', 'pods'] : ['namespaces', 'pods', 'nodes', 'networks', 'domainNames']);
    const key = this.#only(peer, field);
    switch (key) {
      case 'nodes':
        return { type: 'nodes', selector: this.selector(peer['nodes'], `${field}.nodes`) };
      case 'networks':
        return { type: 'networks', cidrs: this.#bounded(peer['networks'], `${field}.networks`, 1, 25).map((cidr, i) => this.#network(cidr, `${field}.networks[${i}]`)) };
      case 'domainNames':
        return { type: 'domain-names', names: this.#bounded(peer['domainNames'], `${field}.domainNames`, 1, 25).map((name, i) => this.#domain(name, `${field}.domainNames[${i}]`)) };
      default:
        return { type: 'pods', ...this.#pods(key, peer, field) };
    }
  }

  #network(value: unknown, field: string): string {
    if (typeof value !== 'string' || !value.includes('/') || (value.includes(':') && value.includes('.')) || parseCidr(value) === null) {
      this.say(field, 'must be a range such as 10.0.0.0/8 or fd00::/8');
    }
    return String(value);
  }

  #domain(value: unknown, field: string): string {
    const labels = typeof value === 'string' && value.length <= 255 ? value.replace(/^\*\./, '').replace(/\.$/, '').split('.') : [];
    if (labels.length < (String(value).startsWith('*.') ? 1 : 2) || !labels.every((label) => DOMAIN_LABEL.test(label))) this.say(field, 'must be a domain name such as kubernetes.io or *.kubernetes.io');
    return String(value);
  }

  #port(value: unknown, field: string): AdminPort {
    if (this.#form.ports === 'protocols') return this.#protocol(value, field);
    const port = this.fields(value, field, ['portNumber', 'namedPort', 'portRange']);
    switch (this.#only(port, field)) {
      case 'portNumber': {
        const { protocol, port: number } = this.fields(port['portNumber'], `${field}.portNumber`, ['protocol', 'port']);
        const one = this.#number(number, `${field}.portNumber.port`);
        return { type: 'range', protocol: this.#named(protocol, `${field}.portNumber.protocol`), first: one, last: one };
      }
      case 'portRange': {
        const { protocol, ...ends } = this.fields(port['portRange'], `${field}.portRange`, ['protocol', 'start', 'end']);
        return { type: 'range', protocol: this.#named(protocol, `${field}.portRange.protocol`), ...this.#range(ends, `${field}.portRange`) };
      }
      default:
        return this.#portName(port['namedPort'], `${field}.namedPort`);
    }
  }

  /** An item of ClusterNetworkPolicy's `protocols`. */
  #protocol(value: unknown, field: string): AdminPort {
    const item = this.fields(value, field, [...Object.keys(PROTOCOLS), 'destinationNamedPort']);
    const key = this.#only(item, field);
    if (key !== 'tcp' && key !== 'udp' && key !== 'sctp') return this.#portName(item['destinationNamedPort'], `${field}.destinationNamedPort`);
    const { destinationPort } = this.fields(item[key], `${field}.${key}`, ['destinationPort']);
    const at = `${field}.${key}.destinationPort`;
    const protocol = PROTOCOLS[key];
    if (destinationPort === undefined || destinationPort === null) {
      this.say(`${field}.${key}`, 'must have exactly one field');
      return { type: 'range', protocol, first: 1, last: LAST_PORT };
    }
    const port = this.fields(destinationPort, at, ['number', 'range']);
    if (this.#only(port, at) === 'range') return { type: 'range', protocol, ...this.#range(this.fields(port['range'], `${at}.range`, ['start', 'end']), `${at}.range`) };
    const one = this.#number(port['number'], `${at}.number`);
    return { type: 'range', protocol, first: one, last: one };
  }

  #portName(name: unknown, field: string): AdminPort {
    if (typeof name !== 'string' || !isPortName(name)) this.say(field, 'must be a name of at most 15 lowercase letters, digits and single hyphens with a letter in it');
    return { type: 'name', name: String(name) };
  }

  #named(protocol: unknown, field: string): 'TCP' | 'UDP' | 'SCTP' {
    if (protocol === undefined || protocol === null) return 'TCP';
    if (protocol === 'TCP' || protocol === 'UDP' || protocol === 'SCTP') return protocol;
    this.say(field, 'must be TCP, UDP or SCTP');
    return 'TCP';
  }

  #number(value: unknown, field: string): number {
    if (isPortNumber(value)) return value;
    this.say(field, 'must be between 1 and 65535');
    return 1;
  }

  #range({ start, end }: Fields, field: string): { readonly first: number; readonly last: number } {
    const first = this.#number(start, `${field}.start`);
    const last = this.#number(end, `${field}.end`);
    if (first >= last && isPortNumber(start) && isPortNumber(end)) this.say(field, 'must start before it ends');
    return { first, last };
  }
}
