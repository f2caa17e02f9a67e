import { parseAddress, type Address } from '../../model/address.ts';
import type { AuthorizationPolicy } from '../../model/authorization.ts';
import { groupBy } from '../../model/group.ts';
import type { Inventory, ServiceFact } from '../../model/inventory.ts';
import { NO_LABELS, type Labels } from '../../model/labels.ts';
import type { DataPlane, MeshService } from '../../model/mesh.ts';
import type { Answer, PodEnd } from '../evaluate/evaluate.ts';
import { ManifestWorld } from '../evaluate/manifest-world.ts';
import { GATEWAY_NAME, type Proxy } from './attach.ts';
import { AuthorizationSet, type MeshSettings } from './evaluate.ts';
import type { MeshRequest } from './request.ts';

/** One way by which a request can have come: to which proxy, at which port. */
interface Route {
  readonly proxy: Proxy;
  readonly port: number;
}

/** Pods, workloads and Services of manifests, and what the mesh's policies say of requests to them. */
export class MeshWorld {
  readonly #ends: ManifestWorld;
  readonly #services: ReadonlyMap<string, readonly MeshService[]>;
  readonly #namespaces: ReadonlyMap<string, Labels>;
  readonly #policies: AuthorizationSet;
  readonly #proxies = new Map<string, Proxy>();

  constructor(inventory: Inventory, entries: readonly MeshService[], policies: readonly AuthorizationPolicy[], settings: MeshSettings) {
    this.#ends = new ManifestWorld(inventory, []);
    this.#services = groupBy([...inventory.services.map(meshService), ...entries], ({ namespace }) => namespace);
    this.#namespaces = new Map(inventory.namespaces.map(({ name, labels }) => [name, labels]));
    this.#policies = new AuthorizationSet(policies, settings);
  }

  /**
   * Whether a request to `namespace/name`, a pod or else the only workload so called, is let through; null if there is none such. At a waypoint the
   * port is a Service's, or else the pod's behind one; where several Services fit and do not agree, the answer is null with the reason.
   */
  answer(destination: string, plane: DataPlane, request: Omit<MeshRequest, 'destination'>): Answer | null {
    const workload = this.#ends.find(destination, null);
    if (workload?.kind !== 'pod') return null;
    const answers = this.#routes(workload, plane, request).map(({ proxy, port }) => {
      const addresses = (proxy.service?.addresses ?? []).map(parseAddress).filter((address) => address !== null);
      return this.#policies.evaluate(proxy, { ...request, port, destination: reached(addresses.length > 0 ? addresses : workload.addresses, request.ip) });
    });
    const [first] = answers;
    if (first === undefined || answers.every(({ allowed }) => allowed === first.allowed)) return first ?? null;
    const because = `it depends on the Service that is asked for: ${[...new Set(answers.map((answer) => answer.because))].join('; ')}`;
    return { allowed: null, because, warnings: [...new Set(answers.flatMap(({ warnings }) => warnings))] };
  }

  #routes(workload: PodEnd, plane: DataPlane, { port, host }: Pick<MeshRequest, 'port' | 'host'>): readonly Route[] {
    if (plane !== 'waypoint') return [{ proxy: this.#proxy(plane, workload, null), port }];
    const services = (this.#services.get(workload.namespace) ?? []).filter(({ selector }) => selector !== null && isPart(selector, workload.labels));
    const asked = services.filter(({ ports }) => ports.some((own) => own.port === port)).map((service) => ({ service, port }));
    const through = asked.length > 0 ? asked : services.flatMap((service) => portsTo(service, port, workload).map((own) => ({ service, port: own })));
    const named = through.filter(({ service }) => service.hosts.includes((host ?? '').toLowerCase().replace(/:[0-9]*$/, '')));
    const meant = named.length > 0 ? named : through;
    if (meant.length === 0) return [{ proxy: this.#proxy(plane, workload, null), port }];
    return meant.map(({ service, port: own }) => ({ proxy: this.#proxy(plane, workload, service), port: own }));
  }

  /** Always the same object for the same place, as what applies there is worked out once. */
  #proxy(plane: DataPlane, workload: PodEnd, service: MeshService | null): Proxy {
    const key = `${plane} ${workload.namespace}/${workload.name} ${service === null ? '' : `${service.kind} ${service.namespace}/${service.name}`}`;
    let proxy = this.#proxies.get(key);
    if (proxy === undefined) {
      proxy = { plane, workload, service, gateway: this.#gatewayOf(plane, workload, service) };
      this.#proxies.set(key, proxy);
    }
    return proxy;
  }

  /** A gateway's pod is labelled with its name; who uses a waypoint says so, or its namespace does. */
  #gatewayOf(plane: DataPlane, workload: PodEnd, service: MeshService | null): Proxy['gateway'] {
    const own = workload.labels.get(GATEWAY_NAME);
    if (own !== undefined) return { namespace: workload.namespace, name: own };
    if (plane !== 'waypoint') return null;
    const user = service ?? workload;
    const said = [user.labels ?? NO_LABELS, this.#namespaces.get(user.namespace) ?? NO_LABELS].find((labels) => labels.has('istio.io/use-waypoint'));
    if (said === undefined) return { namespace: user.namespace, name: null };
    const name = said.get('istio.io/use-waypoint') ?? null;
    return name === 'none' ? null : { namespace: said.get('istio.io/use-waypoint-namespace') ?? user.namespace, name };
  }
}

function meshService(service: ServiceFact): MeshService {
  const { namespace, name } = service;
  return { kind: 'Service', ...service, hosts: [name, `${name}.${namespace}`, `${name}.${namespace}.svc`, `${name}.${namespace}.svc.cluster.local`] };
}

function isPart(selector: Labels, labels: Labels): boolean {
  return selector.size > 0 && [...selector].every(([key, value]) => labels.get(key) === value);
}

/** The Service's ports that lead to a port of the pod. */
function portsTo({ ports }: MeshService, port: number, workload: PodEnd): readonly number[] {
  const leads = (target: number | string): boolean => target === port || workload.ports.some(({ name, port: number, protocol }) => name === target && number === port && protocol === 'TCP');
  return ports.filter(({ targetPort }) => leads(targetPort)).map((own) => own.port);
}

/** Of several addresses the one of the caller's family. */
function reached(addresses: readonly Address[], caller: Address | null): Address | null {
  return addresses.find(({ family }) => family === caller?.family) ?? addresses[0] ?? null;
}
