import { describe, expect, it } from 'vitest';
import type { Graph } from '../../../src/learn/graph.ts';
import type { MeshMode } from '../../../src/model/inventory.ts';
import { peerName } from '../../../src/model/peer.ts';
import { Roster } from '../../../src/policy/roster.ts';
import { wireOf } from '../../../src/policy/propose/wire.ts';
import { WORLD } from '../../support/hubble.ts';
import { namespaceObject, podObject, serviceObject } from '../../support/inventory.ts';
import { meshed, waypoint } from '../../support/mesh.ts';
import { deployed, edgeOf, learned } from '../../support/proposals.ts';

/** `shop/web -> shop/cart 8080 (hbone)`, one a connection on the wire of the only edge to that port. */
function wire(graph: Graph, text = 'cart:8080/'): readonly string[] {
  return wireOf(graph, new Roster(graph))(edgeOf(graph, text)).map(
    ({ source, destination, port, protocol, widening }) => `${peerName(source)} -> ${peerName(destination)} ${port}${protocol === 'TCP' ? '' : `/${protocol}`}${widening === null ? '' : ` (${widening.reason})`}`,
  );
}

function between(from: MeshMode, to: MeshMode, { port = 8080, protocol = 'TCP', more = [] }: { readonly port?: number; readonly protocol?: 'TCP' | 'UDP'; readonly more?: readonly object[] } = {}): Graph {
  const [web, cart] = [meshed('shop/web', '10.0.0.1', from), meshed('shop/cart', '10.0.0.2', to)];
  return learned([{ from: web.end, to: cart.end, port, protocol }], [...web.objects, ...cart.objects, ...more]).graph();
}

const OWN = 'shop/web -> shop/cart 8080';
const TUNNEL = 'shop/web -> shop/cart 15008 (hbone)';

describe('a connection on the wire', () => {
  it.each<[MeshMode, MeshMode, readonly string[]]>([
    ['none', 'none', [OWN]],
    ['none', 'sidecar', [OWN]],
    ['sidecar', 'sidecar', [OWN]],
    ['sidecar', 'none', [OWN]],
    ['ambient', 'none', [OWN]],
    ['none', 'ambient', [OWN]],
    ['ambient', 'ambient', [TUNNEL]],
    ['sidecar', 'ambient', [TUNNEL]],
    ['gateway', 'ambient', [TUNNEL]],
    ['waypoint', 'ambient', [TUNNEL]],
    ['ambient', 'sidecar', [OWN, TUNNEL]],
    ['waypoint', 'sidecar', [OWN, TUNNEL]],
    ['ambient', 'gateway', [OWN, TUNNEL]],
    ['ambient', 'waypoint', [OWN]],
  ])('from %s to %s', (from, to, expected) => {
    expect(wire(between(from, to))).toEqual(expected);
  });

  it('is itself where nothing captures it: UDP, and the tunnel that was seen itself', () => {
    expect(wire(between('ambient', 'ambient', { port: 8125, protocol: 'UDP' }), 'cart:8125/')).toEqual(['shop/web -> shop/cart 8125/UDP']);
    expect(wire(between('ambient', 'ambient', { port: 15_008 }), 'cart:15008/')).toEqual(['shop/web -> shop/cart 15008']);
  });

  it('from outside the mesh goes to the port itself, and from somebody nobody knows of by either way', () => {
    const cart = meshed('shop/cart', '10.0.0.2', 'ambient');
    const stranger = deployed('shop/web', '10.0.0.1');
    const graph = learned([{ from: stranger.end, to: cart.end, port: 8080 }, { from: WORLD('198.51.100.7'), to: cart.end, port: 8443 }], cart.objects, { ranges: ['10.0.0.0/24'] }).graph();
    expect(wire(graph)).toEqual([OWN, TUNNEL]);
    expect(wire(graph, 'cart:8443/')).toEqual(['external 198.51.100.7 -> shop/cart 8443']);
  });

  it('takes every way that its pods take while they move', () => {
    const moving = podObject({ namespace: 'shop', name: 'web-1', ip: '10.0.0.9', labels: { app: 'web' }, owner: ['StatefulSet', 'web'] });
    expect(wire(between('ambient', 'ambient', { more: [moving] }))).toEqual([TUNNEL, OWN]);
  });

  it('is told by the namespace where no pod runs', () => {
    const [web, cart] = [deployed('shop/web', '10.0.0.1'), deployed('shop/cart', '10.0.0.2')];
    const templates = [...web.objects, ...cart.objects].filter((object) => (object as { readonly kind: string }).kind !== 'Pod');
    const graphOf = (labels: Record<string, string>): Graph => learned([{ from: web.end, to: cart.end, port: 8080 }], [...templates, namespaceObject('shop', labels)]).graph();
    expect(wire(graphOf({ 'istio.io/dataplane-mode': 'ambient' }))).toEqual([TUNNEL]);
    expect(wire(graphOf({ 'istio-injection': 'enabled' }))).toEqual([OWN]);
    expect([...new Roster(graphOf({ 'istio.io/rev': 'canary' })).local()].map(({ mesh }) => [...mesh])).toEqual([['sidecar'], ['sidecar']]);
    expect([...new Roster(graphOf({ 'istio.io/rev': 'canary', 'istio-injection': 'disabled' })).local()].map(({ mesh }) => [...mesh])).toEqual([['none'], ['none']]);
  });
});

describe('a waypoint', () => {
  const BEHIND = ['shop/web -> shop/waypoint 15008 (waypoint)', 'shop/waypoint -> shop/cart 15008 (waypoint)'];
  const service = (labels: Record<string, string>, targetPort = 8080, name = 'cart'): object => serviceObject('shop', name, '10.96.0.2', { app: 'cart' }, [{ port: 80, targetPort }], 'ClusterIP', labels);
  const { objects } = waypoint('shop/waypoint', '10.0.0.3');
  const USES = { 'istio.io/use-waypoint': 'waypoint' };

  it('stands between a Service and its clients, where the Service or its namespace says so', () => {
    expect(wire(between('ambient', 'ambient', { more: [...objects, service(USES)] }))).toEqual(BEHIND);
    expect(wire(between('ambient', 'ambient', { more: [...objects, service({}), namespaceObject('shop', USES)] }))).toEqual(BEHIND);
    expect(wire(between('ambient', 'ambient', { more: [...objects, service({ 'istio.io/use-waypoint': 'none' }), namespaceObject('shop', USES)] }))).toEqual([TUNNEL]);
  });

  it('does not stand before ports that no such Service leads to', () => {
    expect(wire(between('ambient', 'ambient', { more: [...objects, service(USES, 9090)] }))).toEqual([TUNNEL]);
    expect(wire(between('ambient', 'ambient', { more: objects }))).toEqual([TUNNEL]);
  });

  it('is gone round by gateways and sidecars, unless the Service says otherwise', () => {
    expect(wire(between('gateway', 'ambient', { more: [...objects, service(USES)] }))).toEqual([TUNNEL]);
    expect(wire(between('gateway', 'ambient', { more: [...objects, service({ ...USES, 'istio.io/ingress-use-waypoint': 'true' })] }))).toEqual(BEHIND);
    expect(wire(between('none', 'ambient', { more: [...objects, service(USES)] }))).toEqual([OWN]);
  });

  it('is one way of two where another Service leads straight to the pod', () => {
    expect(wire(between('ambient', 'ambient', { more: [...objects, service(USES), service({}, 8080, 'direct')] }))).toEqual([...BEHIND, TUNNEL]);
  });

  it('may be of another namespace, and of one that nobody has seen', () => {
    const far = waypoint('mesh/shared', '10.0.0.4');
    const uses = { 'istio.io/use-waypoint': 'shared', 'istio.io/use-waypoint-namespace': 'mesh' };
    expect(wire(between('ambient', 'ambient', { more: [...far.objects, service(uses)] }))[0]).toBe('shop/web -> mesh/shared 15008 (waypoint)');
    expect(wire(between('ambient', 'ambient', { more: [service(uses)] }))[0]).toBe('shop/web -> mesh/shared 15008 (waypoint)');
  });
});
