import { parseAddress } from '../../model/address.ts';
import { addressPlace, blockAddresses, type AddressSet } from '../diff/address-set.ts';
import { intersect, isIn } from '../diff/ranges.ts';
import type { LintRule } from './rule.ts';
import type { Subject } from './subject.ts';
import { listed } from './selectors.ts';

/** What ranges of addresses hold. */

interface WrittenBlock {
  readonly field: string;
  readonly cidr: string;
  readonly except: readonly string[];
  readonly addresses: AddressSet;
}

function blocksIn({ rules }: Subject): readonly WrittenBlock[] {
  return rules.flatMap(({ peersField, peers }) =>
    peers.flatMap(({ ipBlock }, i) => (ipBlock === undefined ? [] : [{ field: `${peersField}[${i}].ipBlock`, cidr: ipBlock.cidr, except: ipBlock.except ?? [], addresses: blockAddresses(ipBlock.cidr, ipBlock.except) }])),
  );
}

const isWorld = ({ cidr, except }: WrittenBlock): boolean => cidr.endsWith('/0') && except.length === 0;

export const wholeWorld: LintRule = {
  name: 'whole-world',
  summary: 'an ipBlock of every address without exceptions',
  why: '0.0.0.0/0 also holds the cluster’s own: its pods (most network plugins match them by address, some do not), its nodes, the API server, and the metadata service at 169.254.169.254, which gives credentials away. Name what is meant, or except the ranges of pods and nodes, and 169.254.169.254/32 for egress.',
  *find(subject) {
    for (const block of blocksIn(subject)) if (isWorld(block)) yield { field: `${block.field}.cidr`, message: `${block.cidr} without except is every address, those of pods, nodes and the metadata service too; except them, or name what is meant` };
  },
};

export const blockOverPods: LintRule = {
  name: 'block-over-pods',
  summary: 'an ipBlock that holds addresses of pods',
  why: 'ipBlocks are for addresses outside the cluster. Whether one matches a pod is left open: most network plugins match its address, Cilium does not; and pods change their addresses. Name pods by selectors, and except their range from the block.',
  *find(subject, { world: { podRanges, podAddresses }, effort }) {
    const addresses = [...podAddresses].map(parseAddress).filter((address) => address !== null);
    for (const block of blocksIn(subject)) {
      if (isWorld(block) || !effort.spend(addresses.length + podRanges.length)) continue;
      const range = podRanges.find(({ text }) => intersect(block.addresses, blockAddresses(text)).length > 0);
      const pod = addresses.find((address) => isIn(addressPlace(address), block.addresses));
      const what = range === undefined ? (pod === undefined ? null : `the pod's address ${pod.text}`) : `pods' addresses, of ${range.text}`;
      if (what !== null) yield { field: block.field, message: `${block.cidr} holds ${what}: whether an ipBlock matches a pod depends on the network plugin; name pods by selectors, and except their range` };
    }
  },
};

export const blockOverService: LintRule = {
  name: 'block-over-service',
  summary: 'an ipBlock that holds a Service’s address',
  why: 'A Service’s address is rewritten to a pod’s, with most network plugins before policies are asked: a rule that names it matches nothing. Name the pods behind the Service by selectors, at the port on which they listen.',
  *find(subject, { world: { services, dnsCaches }, effort }) {
    for (const block of blocksIn(subject)) {
      if (isWide(block.addresses) || !effort.spend(services.length)) continue;
      // What a cache on the node answers for is not rewritten.
      const named = services.filter(({ addresses }) => addresses.filter((text) => !dnsCaches.includes(text)).map(parseAddress).some((address) => address !== null && isIn(addressPlace(address), block.addresses)));
      if (named.length > 0) yield { field: block.field, message: `${block.cidr} holds the address of Service ${listed(named.map(({ namespace, name }) => `${namespace}/${name}`))}, which is rewritten to a pod's before most network plugins ask policies; name the pods behind it` };
    }
  },
};

/** Wider than any range of Services: who writes this did not mean them. */
function isWide(addresses: AddressSet): boolean {
  return addresses.some(([from, to]) => to - from > 1n << 20n && to - from <= 1n << 32n) || addresses.some(([from, to]) => to - from > 1n << 64n);
}

