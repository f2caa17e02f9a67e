import type { Database } from 'better-sqlite3';
import { parseCidr, type Cidr } from '../model/address.ts';
import { ADMIN_KINDS } from '../model/admin-policy.ts';
import type { EndpointSliceFact, Inventory, NamespaceFact, NodeFact, PodFact, PolicyFact, ServiceFact, WorkloadFact } from '../model/inventory.ts';
import { NO_LABELS } from '../model/labels.ts';

const KINDS = ['pod', 'workload', 'service', 'slice', 'node', 'namespace', 'policy', ...ADMIN_KINDS] as const;
type Kind = (typeof KINDS)[number];
type Fact = PodFact | WorkloadFact | ServiceFact | EndpointSliceFact | NodeFact | NamespaceFact | PolicyFact;

interface Row {
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
  readonly as_of: number;
  readonly body: string;
}

/** The cluster's objects, projected, with the moment that the newest list which held them knew of. */
export class InventoryTable {
  readonly #upsert;
  readonly #rows;
  readonly #range;
  readonly #ranges;

  constructor(db: Database) {
    this.#upsert = db.prepare(
      'INSERT INTO inventory VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET as_of = excluded.as_of, body = excluded.body WHERE excluded.as_of >= as_of',
    );
    this.#rows = db.prepare<[], Row>('SELECT * FROM inventory ORDER BY kind, namespace, name, uid');
    this.#range = db.prepare('INSERT INTO ranges VALUES (?) ON CONFLICT DO NOTHING');
    this.#ranges = db.prepare<[], { cidr: string }>('SELECT cidr FROM ranges ORDER BY cidr');
  }

  write(inventory: Inventory): void {
    const put = (kind: Kind, namespace: string, name: string, uid: string, fact: Fact): void => {
      this.#upsert.run(kind, namespace, name, uid, inventory.asOf, JSON.stringify(fact, (_, value: unknown) => (value instanceof Map ? { labels: [...value] } : value)));
    };
    for (const fact of inventory.pods) put('pod', fact.namespace, fact.name, fact.uid, fact);
    for (const fact of inventory.workloads) put('workload', fact.namespace, `${fact.kind}/${fact.name}`, '', fact);
    for (const fact of inventory.services) put('service', fact.namespace, fact.name, '', fact);
    for (const fact of inventory.slices) put('slice', fact.namespace, fact.name, '', fact);
    for (const fact of inventory.nodes) put('node', '', fact.name, '', fact);
    for (const fact of inventory.namespaces) put('namespace', '', fact.name, '', fact);
    for (const fact of inventory.policies) put(fact.kind === 'NetworkPolicy' ? 'policy' : fact.kind, fact.namespace, fact.name, '', fact);
  }

  addRanges(cidrs: readonly Cidr[]): void {
    for (const { text } of cidrs) this.#range.run(text);
  }

  readRanges(): Cidr[] {
    return this.#ranges
      .all()
      .map(({ cidr }) => parseCidr(cidr))
      .filter((cidr) => cidr !== null);
  }

  /**
   * What is known of the cluster. A pod that a newer list of its namespace no longer holds has ended, at some time after the
   * last list that did; other objects that a newer list lacks are gone.
   */
  read(): Inventory {
    const rows = this.#rows.all();
    const newest = new Map<string, number>();
    let asOf = 0;
    for (const { kind, namespace, as_of: at } of rows) {
      asOf = Math.max(asOf, at);
      newest.set(`${kind} ${namespace}`, Math.max(newest.get(`${kind} ${namespace}`) ?? 0, at));
    }
    const facts: { readonly kind: Kind; readonly fact: Fact }[] = [];
    for (const { kind, namespace, as_of: at, body } of rows) {
      const fact = JSON.parse(body, revive) as Fact;
      const isCurrent = at === newest.get(`${kind} ${namespace}`);
      if (isCurrent) facts.push({ kind, fact });
      else if (kind === 'pod') facts.push({ kind, fact: { ...(fact as PodFact), until: (fact as PodFact).until ?? at, gone: true } });
    }
    const of = <T extends Fact>(wanted: Kind): T[] => facts.filter(({ kind }) => kind === wanted).map(({ fact }) => fact as T);
    return {
      pods: of<PodFact>('pod'),
      workloads: of<WorkloadFact>('workload'),
      services: of<ServiceFact>('service'),
      slices: of<EndpointSliceFact>('slice'),
      // Rows of a version that did not read these yet lack them.
      nodes: of<NodeFact>('node').map((fact) => ({ ...fact, labels: fact.labels ?? NO_LABELS })),
      namespaces: of<NamespaceFact>('namespace'),
      policies: (['policy', ...ADMIN_KINDS] as const).flatMap((kind) => of<PolicyFact>(kind)).map((fact) => ({ ...fact, kind: fact.kind ?? 'NetworkPolicy', apiVersion: fact.apiVersion ?? 'networking.k8s.io/v1' })),
      asOf,
    };
  }
}

function revive(_: string, value: unknown): unknown {
  const isLabels = typeof value === 'object' && value !== null && Object.keys(value).length === 1 && 'labels' in value && Array.isArray(value.labels);
  return isLabels ? new Map(value.labels as [string, string][]) : value;
}
