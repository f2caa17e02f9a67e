import { describe, expect, it } from 'vitest';
import { propose } from '../../../src/policy/propose/propose.ts';
import { kubernetes } from '../../../src/export/kubernetes.ts';
import { WORLD } from '../../support/hubble.ts';
import { deployed, learned } from '../../support/proposals.ts';
import { policySet } from '../../support/rendering.ts';

const web = deployed('shop/web', '10.0.0.1');
const cart = deployed('shop/cart', '10.0.0.2');
const objects = [...web.objects, ...cart.objects];
const ping = (type = 8) => ({ extra: { l4: { [type > 100 ? 'ICMPv6' : 'ICMPv4']: { type } } } });
const echoesOf = (flows: Parameters<typeof learned>[0]): readonly string[] =>
  propose(learned(flows, objects).graph()).proposals.flatMap(({ workload, echoes }) => echoes.map(({ direction, protocol, whom, edges, comment }) => `${workload.name} ${direction} ${protocol} ${whom.type === 'workload' ? whom.workload.name : whom.type} ${edges.length}: ${comment.split(':')[0]}`));

describe('who pings whom', () => {
  it('is said beside the rules of a direction that is closed', () => {
    expect(echoesOf([{ from: web.end, to: cart.end }, { from: web.end, to: cart.end, ...ping() }])).toEqual(['cart ingress ICMP web 1: from shop/web', 'web egress ICMP cart 1: to shop/cart']);
  });

  it('is not where ports close nothing, or where nobody pinged', () => {
    expect(echoesOf([{ from: web.end, to: cart.end, ...ping() }])).toEqual([]);
    expect(echoesOf([{ from: web.end, to: cart.end }])).toEqual([]);
  });

  it('is what a NetworkPolicy notes, for it has no words for it', () => {
    const { proposals } = propose(learned([{ from: web.end, to: cart.end }, { from: WORLD('198.51.100.7'), to: cart.end, ...ping() }], objects).graph());
    const [echo] = proposals.flatMap(({ echoes }) => echoes);
    expect(echo).toMatchObject({ direction: 'ingress', whom: { type: 'addresses', of: 'external' } });
    expect(echo?.notes).toHaveLength(1);
    for (const note of echo?.notes ?? []) expect(kubernetes.render(policySet(proposals)).map(({ content }) => content).join('')).toContain(`# note: ${note}`);
  });
});
