import { parseAddress, scopeOf } from '../../model/address.ts';
import type { PolicyPort } from '../../model/policy.ts';
import { selectorMatches } from '../../model/selector.ts';
import { portSetText, portsOpened } from '../diff/port-set.ts';
import type { Member } from '../roster.ts';
import type { LintRule, Surroundings } from './rule.ts';
import type { Subject, SubjectRule } from './subject.ts';
import { listed } from './selectors.ts';

/** Ports that are not those on which anybody listens. */

/** Whoever would be connected to by a rule; null where nobody is known. */
function destinations({ policy }: Subject, { direction, peers }: SubjectRule, { world: { matching } }: Surroundings): readonly Member[] | null {
  if (matching === null) return null;
  const { namespace } = policy.metadata;
  if (direction === 'ingress') return matching.selected(policy.spec.podSelector, namespace);
  return [...new Set(peers.flatMap((peer) => (peer.ipBlock === undefined ? [...matching.matched(peer, namespace)] : [])))];
}

const portsOf = (members: readonly Member[]) => members.flatMap(({ standIns }) => standIns.flatMap(({ ports }) => ports));

export const servicePort: LintRule = {
  name: 'service-port',
  summary: 'the port of a Service, where its pods listen on another one',
  why: 'Policies see a connection at the pod’s port, after the Service has been translated. A rule with the Service’s port opens a port on which nobody listens, and leaves closed the one that is used. Write the targetPort, or the container port’s name.',
  *find(subject, around) {
    for (const rule of subject.rules) {
      const served = destinations(subject, rule, around) ?? [];
      const own = portsOf(served);
      for (const [i, { protocol = 'TCP', port, endPort }] of rule.ports.entries()) {
        if (typeof port !== 'number' || (endPort ?? port) !== port || own.some((one) => one.port === port && one.protocol === protocol)) continue;
        if (!around.effort.spend(around.world.services.length)) continue;
        for (const service of around.world.services) {
          const { selector } = service;
          const translated = service.ports.find((one) => one.port === port && one.protocol === protocol && one.targetPort !== port);
          if (translated === undefined || selector === null || selector.size === 0) continue;
          const labels = { matchLabels: Object.fromEntries(selector) };
          if (!served.some(({ peer, standIns }) => peer.namespace === service.namespace && standIns.some((pod) => selectorMatches(labels, pod.labels)))) continue;
          yield { field: `${rule.field}.ports[${i}].port`, message: `${port} is the port of Service ${service.namespace}/${service.name}, and its pods listen on ${translated.targetPort}: policies see the pod's port; write ${translated.targetPort}` };
          break;
        }
      }
    }
  },
};

export const unknownPortName: LintRule = {
  name: 'unknown-port-name',
  summary: 'a port’s name that none of the pods have',
  why: 'A name is looked up on each destination pod, by name and protocol. Where no container port is called so, the rule opens nothing, in silence; and an address outside has no names at all. Write the name as the pods have it, with its protocol, or the number.',
  *find(subject, around) {
    for (const rule of subject.rules) {
      const served = destinations(subject, rule, around);
      const own = portsOf(served ?? []);
      for (const [i, { protocol = 'TCP', port }] of rule.ports.entries()) {
        if (typeof port !== 'string') continue;
        const field = `${rule.field}.ports[${i}].port`;
        if (rule.direction === 'egress' && rule.peers.length > 0 && rule.peers.every(({ ipBlock }) => ipBlock !== undefined)) yield { field, message: `${port} is a name, and addresses outside have none: the rule opens nothing; write a number` };
        else if (served !== null && served.length > 0 && own.length > 0 && !own.some((one) => one.name === port && one.protocol === protocol)) {
          const others = own.flatMap(({ name, protocol: other }) => (name === null ? [] : [`${name}/${other}`]));
          yield { field, message: `no ${protocol} port of ${listed(served.map(({ peer }) => `${peer.namespace}/${peer.name}`))} is called ${port}: the rule opens nothing${others.length > 0 ? `; they have ${listed(others)}` : '; their ports have no names'}` };
        }
      }
    }
  },
};

export const anyPort: LintRule = {
  name: 'any-port',
  summary: 'a rule without ports beside rules with ports, or for addresses outside',
  why: 'A rule without ports opens every port of every protocol. Where its neighbours name theirs, or where addresses outside the cluster are let through, that is seldom meant. Name the ports.',
  *find({ rules }) {
    for (const { direction, field, peers, ports } of rules) {
      const others = peers.filter(({ ipBlock }) => ipBlock === undefined || !isLinkLocal(ipBlock.cidr));
      if (ports.length > 0 || others.length === 0) continue;
      const hasBlock = others.some(({ ipBlock }) => ipBlock !== undefined);
      if (hasBlock || rules.some((other) => other.direction === direction && other.ports.length > 0)) yield { field, message: `names no ports, and so opens all of them${hasBlock ? ' to addresses outside' : ''}; name those that are used` };
    }
  },
};

/** What never leaves the node: kubelet's probes, as ambient's node agent hands them on. */
function isLinkLocal(cidr: string): boolean {
  const address = parseAddress(cidr.slice(0, cidr.indexOf('/')));
  return address !== null && scopeOf(address) === 'link-local';
}

/** Where sidecars receive what iptables redirects to them; nothing is ever sent there across the network. */
const CAPTURE: ReadonlySet<number> = new Set([15_001, 15_006]);

export const meshPort: LintRule = {
  name: 'mesh-port',
  summary: 'a port to which a sidecar redirects traffic within its own pod',
  why: '15001 and 15006 are where Istio’s sidecar takes over the connections of its own pod. On the network a connection keeps the port that was asked for, and that is what policies see. Write the application’s port (and 15008 for ambient’s HBONE, 15020 and 15021 for probes and metrics, 15012 for istiod).',
  *find({ rules }) {
    for (const { field, ports } of rules) {
      for (const [i, { port, endPort }] of ports.entries()) {
        if (typeof port === 'number' && (endPort ?? port) === port && CAPTURE.has(port)) yield { field: `${field}.ports[${i}].port`, message: `${port} is where the sidecar takes over its own pod's connections: none comes from outside at it; write the application's port` };
      }
    }
  },
};

/** `80/TCP`, `http/TCP`, `any/UDP` */
export function portWords(port: PolicyPort): string {
  return typeof port.port === 'string' ? `${port.port}/${port.protocol ?? 'TCP'}` : portSetText(portsOpened([port], []));
}
