import { describe, expect, it } from 'vitest';
import { propose } from '../../../src/policy/propose/propose.ts';
import { replay } from '../../../src/policy/replay/replay.ts';
import { serviceObject } from '../../support/inventory.ts';
import { meshed, waypoint } from '../../support/mesh.ts';
import { deployed, learned, policyLines, proposed, unproposed } from '../../support/proposals.ts';

const istiod = deployed('istio-system/istiod', '10.0.1.1');
const prometheus = deployed('monitoring/prometheus', '10.0.1.2');

describe('what a mesh needs of NetworkPolicies', () => {
  it('sidecars: the pod’s port, never a proxy’s; and istiod, though nobody was seen to ask it', () => {
    const [web, cart] = [meshed('shop/web', '10.0.0.1', 'sidecar'), meshed('shop/cart', '10.0.0.2', 'sidecar')];
    const graph = learned(
      [
        { from: web.end, to: cart.end, port: 9080 },
        { from: prometheus.end, to: istiod.end, port: 15_014 },
      ],
      [web, cart, istiod, prometheus].flatMap(({ objects }) => objects),
    ).graph();
    const lines = proposed(graph);
    expect(lines).toEqual([
      'istio-system/istiod {app=istiod} Ingress',
      '  in monitoring/{app=prometheus} 15014/TCP',
      '  in shop/{app=web} 15012/TCP',
      'monitoring/prometheus {app=prometheus} Egress',
      '  out istio-system/{app=istiod} 15014/TCP',
      'shop/cart {app=cart} Ingress',
      '  in {app=web} 9080/TCP',
      'shop/web {app=web} Egress',
      '  out istio-system/{app=istiod} 15012/TCP',
      '  out {app=cart} 9080/TCP',
    ]);
    const own = propose(graph).proposals.find(({ workload }) => workload.name === 'web');
    expect(own?.proof.excess).toEqual(['istiod-unseen: TCP 15012 to istio-system/istiod']);
    expect(own?.rules.map(({ comment }) => comment)).toContainEqual(expect.stringContaining('widening istiod-unseen (TCP 15012 to istio-system/istiod)'));
  });

  it('istiod that was seen to be asked is an edge like any other', () => {
    const web = meshed('shop/web', '10.0.0.1', 'sidecar');
    const own = propose(learned([{ from: web.end, to: istiod.end, port: 15_012 }], [...web.objects, ...istiod.objects]).graph()).proposals.find(({ workload }) => workload.name === 'web');
    expect(own?.proof.excess).toEqual([]);
  });

  it('says so where nobody knows istiod', () => {
    const [web, cart] = [meshed('shop/web', '10.0.0.1', 'sidecar'), deployed('shop/cart', '10.0.0.2')];
    const own = propose(learned([{ from: web.end, to: cart.end, port: 9080 }], [...web.objects, ...cart.objects]).graph()).proposals.find(({ workload }) => workload.name === 'web');
    expect(own?.notes).toContain('egress is closed without istiod: istiod is not known, an inventory with its namespace tells it');
  });

  it('ambient: the tunnel and kubelet’s probes, the pod’s port for those outside the mesh alone, and no istiod', () => {
    const [web, cart, cron] = [meshed('shop/web', '10.0.0.1', 'ambient'), meshed('shop/cart', '10.0.0.2', 'ambient'), deployed('batch/cron', '10.0.0.3')];
    const graph = learned(
      [
        { from: web.end, to: cart.end, port: 9080 },
        { from: web.end, to: cart.end, port: 9090 },
        { from: cron.end, to: cart.end, port: 9080 },
        { from: web.end, to: cart.end, port: 8125, protocol: 'UDP' },
      ],
      [web, cart, cron, istiod].flatMap(({ objects }) => objects),
    ).graph();
    expect(proposed(graph)).toEqual([
      'batch/cron {app=cron} Egress',
      '  out shop/{app=cart} 9080/TCP',
      'shop/cart {app=cart} Ingress',
      '  in 169.254.7.127/32 ANY PORT',
      '  in batch/{app=cron} 9080/TCP',
      '  in {app=web} 8125/UDP 15008/TCP',
      'shop/web {app=web} Egress',
      '  out {app=cart} 8125/UDP 15008/TCP',
    ]);
    const cartPolicy = propose(graph).proposals.find(({ workload }) => workload.name === 'cart');
    expect(cartPolicy?.proof).toMatchObject({ acceptedEdges: 4, excess: ['ambient-probes: 169.254.7.127/32', 'hbone: TCP 15008'] });
    expect(new Set(cartPolicy?.rules.flatMap(({ edges }) => edges)).size).toBe(4);
    const policies = propose(graph).proposals.map(({ policy }) => policy);
    expect(replay(graph, policies)).toMatchObject({ judged: 4, broken: [] });
  });

  it('probes come by IPv6, too, where pods have such addresses', () => {
    const [web, cart] = [meshed('shop/web', 'fd00::1', 'ambient'), meshed('shop/cart', 'fd00::2', 'ambient')];
    expect(proposed(learned([{ from: web.end, to: cart.end, port: 9080 }], [...web.objects, ...cart.objects]).graph())).toContain(
      '  in 169.254.7.127/32 | fd16:9254:7127:1337:ffff:ffff:ffff:ffff/128 ANY PORT',
    );
  });

  it('a waypoint: its clients to it, it to the pods, and nobody past it', () => {
    const [web, cart, way] = [meshed('shop/web', '10.0.0.1', 'ambient'), meshed('shop/cart', '10.0.0.2', 'ambient'), waypoint('shop/waypoint', '10.0.0.3')];
    const service = serviceObject('shop', 'cart', '10.96.0.2', { app: 'cart' }, [{ port: 80, targetPort: 9080 }], 'ClusterIP', { 'istio.io/use-waypoint': 'waypoint' });
    const graph = learned([{ from: web.end, to: cart.end, port: 9080 }], [...web.objects, ...cart.objects, ...way.objects, ...istiod.objects, service]).graph();
    const named = '{gateway.networking.k8s.io/gateway-name=waypoint,gateway.istio.io/managed=istio.io-mesh-controller}';
    expect(proposed(graph)).toEqual([
      `shop/waypoint ${named} Ingress Egress`,
      '  in {app=web} 15008/TCP',
      '  out istio-system/{app=istiod} 15012/TCP',
      '  out {app=cart} 15008/TCP',
      'shop/cart {app=cart} Ingress',
      '  in 169.254.7.127/32 ANY PORT',
      `  in ${named} 15008/TCP`,
      'shop/web {app=web} Egress',
      `  out ${named} 15008/TCP`,
    ]);
  });

  it('a waypoint that nobody has seen leaves both directions alone', () => {
    const [web, cart] = [meshed('shop/web', '10.0.0.1', 'ambient'), meshed('shop/cart', '10.0.0.2', 'ambient')];
    const service = serviceObject('shop', 'cart', '10.96.0.2', { app: 'cart' }, [{ port: 80, targetPort: 9080 }], 'ClusterIP', { 'istio.io/use-waypoint': 'waypoint' });
    const graph = learned([{ from: web.end, to: cart.end, port: 9080 }], [...web.objects, ...cart.objects, service]).graph();
    expect(proposed(graph)).toEqual([]);
    expect(unproposed(graph).filter((line) => line.includes('waypoint'))).toHaveLength(2);
  });
});

describe('a policy from before its pods joined the mesh', () => {
  it('breaks it: on the wire is the tunnel', () => {
    const [web, cart] = [deployed('shop/web', '10.0.0.1'), deployed('shop/cart', '10.0.0.2')];
    const before = learned([{ from: web.end, to: cart.end, port: 9080 }], [...web.objects, ...cart.objects]).graph();
    const policies = propose(before).proposals.map(({ policy }) => policy);
    expect(policies.flatMap(policyLines)).toContain('  in {app=web} 9080/TCP');
    expect(replay(before, policies).broken).toEqual([]);
    const joined = [meshed('shop/web', '10.0.0.1', 'ambient'), meshed('shop/cart', '10.0.0.2', 'ambient')];
    const after = learned([{ from: web.end, to: cart.end, port: 9080 }], joined.flatMap(({ objects }) => objects)).graph();
    expect(replay(after, policies).broken.map(({ partly }) => partly)).toEqual([false]);
  });
});
