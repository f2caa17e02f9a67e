import { describe, expect, it } from 'vitest';
import type { Protocol } from '../../src/model/flow.ts';
import { backendOf, exposedPorts } from '../../src/resolve/service.ts';
import { directoryOf, told } from '../support/directory.ts';
import { ownerObject, podObject, serviceObject } from '../support/inventory.ts';

const VIP = '10.96.0.10';
const WEB = { app: 'web' };

interface Ports {
  readonly port?: number;
  readonly targetPort?: number | string;
  readonly protocol?: Protocol;
  readonly name?: string;
  readonly nodePort?: number;
}

const service = (port: Ports = {}, selector: Record<string, string> | null = WEB, type = 'ClusterIP'): object =>
  serviceObject('shop', 'web', VIP, selector, [{ port: 80, targetPort: 8080, ...port }], type);
const pod = (
  name: string,
  more: {
    readonly labels?: Record<string, string>;
    readonly namespace?: string;
    readonly ports?: readonly object[];
    readonly hostNetwork?: boolean;
    readonly ip?: string;
    readonly phase?: string;
  } = {},
): object => podObject({ namespace: 'shop', labels: WEB, owner: ['ReplicaSet', name.replace(/-[^-]*$/, '')], ...more, name });
const web = (port?: object): object => pod('web-6b746f74dc-9rcxx', { ports: port === undefined ? [] : [port] });

/** What stands behind the Service: `Deployment shop/web 8080`. */
function behind(objects: readonly object[], port = 80, protocol: Protocol = 'TCP'): string {
  const directory = directoryOf(objects);
  const found = directory.service(VIP);
  const backend = found === null ? null : backendOf(found, port, protocol, directory);
  return backend === null ? 'unknown' : `${told(backend.peer)} ${backend.port}`;
}

const slice = (addresses: readonly string[], ports: readonly object[], of = 'web', namespace = 'shop'): object => ({
  kind: 'EndpointSlice',
  metadata: { namespace, name: `${of}-abcde-${addresses.join('-').replaceAll('.', '')}`, labels: { 'kubernetes.io/service-name': of } },
  endpoints: [{ addresses }],
  ports,
});

describe('behind a Service’s address and port is', () => {
  it.each<[string, string, readonly object[]]>([
    ['the pod port of its workload', 'Deployment shop/web 8080', [service(), web()]],
    ['the port itself, where it has no target port', 'Deployment shop/web 80', [serviceObject('shop', 'web', VIP, WEB, [{ port: 80 }]), web()]],
    ['a quoted target port', 'Deployment shop/web 8080', [service({ targetPort: '8080' }), web()]],
    [
      'the running one’s, where another has completed',
      'Deployment shop/web 8080',
      [service(), web(), pod('migrate-x7k2p', { phase: 'Succeeded' }), pod('import-x7k2p', { phase: 'Failed' })],
    ],
    [
      'the running one’s, where a Job has completed that would be behind it, too',
      'Deployment shop/web 8080',
      [service(), web(), ownerObject('Job', 'shop', 'migrate', WEB), podObject({ namespace: 'shop', name: 'migrate-x7k2p', labels: WEB, phase: 'Succeeded', owner: ['Job', 'migrate'] })],
    ],
    ['a named port, by the pod', 'Deployment shop/web 8081', [service({ targetPort: 'http' }), web({ name: 'http', containerPort: 8081 })]],
    ['nothing, where no pod has a port of that name', 'unknown', [service({ targetPort: 'http' }), web({ name: 'https', containerPort: 8081 })]],
    [
      'nothing, where the name is of another protocol',
      'unknown',
      [service({ targetPort: 'http' }), web({ name: 'http', containerPort: 8081, protocol: 'UDP' })],
    ],
    [
      'nothing, where pods name different ports alike',
      'unknown',
      [
        service({ targetPort: 'http' }),
        web({ name: 'http', containerPort: 8081 }),
        pod('web-5d4f8c7b9-x7x2l', { ports: [{ name: 'http', containerPort: 8082 }] }),
      ],
    ],
    ['the workload, by its template, while it has no pod', 'Deployment shop/web 8080', [service(), ownerObject('Deployment', 'shop', 'web', WEB)]],
    [
      'a named port, by the template',
      'Deployment shop/web 8081',
      [service({ targetPort: 'http' }), ownerObject('Deployment', 'shop', 'web', WEB, { ports: [{ name: 'http', containerPort: 8081 }] })],
    ],
    [
      'one workload, though its template, its ReplicaSet and its pods all match',
      'Deployment shop/web 8080',
      [
        service(),
        web(),
        pod('web-6b746f74dc-x7x2l'),
        ownerObject('Deployment', 'shop', 'web', WEB),
        ownerObject('ReplicaSet', 'shop', 'web-6b746f74dc', WEB, { owner: ['Deployment', 'web'] }),
      ],
    ],
    ['nothing, where two workloads stand behind it', 'unknown', [service(), web(), pod('canary-5d4f8c7b9-x7x2l')]],
    ['nothing, where a template says that another workload would', 'unknown', [service(), web(), ownerObject('Deployment', 'shop', 'canary', WEB)]],
    ['nothing, where no pod matches', 'unknown', [service(), pod('web-6b746f74dc-9rcxx', { labels: { app: 'api' } })]],
    ['nothing, where only pods of another namespace match', 'unknown', [service(), pod('web-6b746f74dc-9rcxx', { namespace: 'pay' })]],
    ['the node, for pods on the host’s network', 'node 8080', [service(), pod('web-6b746f74dc-9rcxx', { hostNetwork: true })]],
  ])('%s', (_, expected, objects) => {
    expect(behind(objects)).toBe(expected);
    expect(behind(objects.toReversed())).toBe(expected);
  });

  it('nothing, at a port or protocol that it does not have', () => {
    expect(behind([service(), web()], 81)).toBe('unknown');
    expect(behind([service(), web()], 8080)).toBe('unknown');
    expect(behind([service(), web()], 80, 'UDP')).toBe('unknown');
    expect(behind([service({ protocol: 'UDP' }), web()], 80, 'UDP')).toBe('Deployment shop/web 8080');
  });

  it('told by port and protocol, where one number is two ports', () => {
    const dns = serviceObject('shop', 'web', VIP, WEB, [
      { name: 'dns', port: 53, targetPort: 5353, protocol: 'UDP' },
      { name: 'dns-tcp', port: 53, targetPort: 5354, protocol: 'TCP' },
    ]);
    expect(behind([dns, web()], 53, 'UDP')).toBe('Deployment shop/web 5353');
    expect(behind([dns, web()], 53, 'TCP')).toBe('Deployment shop/web 5354');
  });

  it('the API server, behind default/kubernetes alone', () => {
    const named = (namespace: string, targetPort: number | string): object =>
      serviceObject(namespace, 'kubernetes', VIP, null, [{ name: 'https', port: 443, targetPort }]);
    expect(behind([named('default', 6443)], 443)).toBe('apiserver 6443');
    expect(behind([named('default', 'https')], 443)).toBe('apiserver 6443');
    expect(behind([named('shop', 6443)], 443)).toBe('unknown');
  });
});

describe('behind a Service without a selector is', () => {
  const bare = service({ name: 'sql', port: 80, targetPort: 80 }, null);
  const pods = [
    pod('web-6b746f74dc-9rcxx', { ip: '10.244.0.11' }),
    pod('web-6b746f74dc-x7x2l', { ip: '10.244.0.12' }),
    pod('canary-5d4f8c7b9-x7x2l', { ip: '10.244.0.13' }),
  ];
  it.each<[string, string, readonly object[]]>([
    ['what its slices say, with their port', 'external 203.0.113.5 5432', [slice(['203.0.113.5'], [{ name: 'sql', port: 5432 }])]],
    [
      'one workload, whatever the number of its pods',
      'Deployment shop/web 5432',
      [...pods, slice(['10.244.0.11', '10.244.0.12'], [{ name: 'sql', port: 5432 }])],
    ],
    ['nothing, where addresses are of two', 'unknown', [...pods, slice(['10.244.0.11', '10.244.0.13'], [{ name: 'sql', port: 5432 }])]],
    [
      'nothing, where slices give two ports',
      'unknown',
      [...pods, slice(['10.244.0.11'], [{ name: 'sql', port: 5432 }]), slice(['10.244.0.12'], [{ name: 'sql', port: 5433 }])],
    ],
    ['nothing, where the slice’s port has another name', 'unknown', [...pods, slice(['10.244.0.11'], [{ name: 'http', port: 5432 }])]],
    [
      'nothing, where the slice’s port is of another protocol',
      'unknown',
      [...pods, slice(['10.244.0.11'], [{ name: 'sql', port: 5432, protocol: 'UDP' }])],
    ],
    ['nothing, where the slice is of another Service', 'unknown', [...pods, slice(['10.244.0.11'], [{ name: 'sql', port: 5432 }], 'api')]],
    ['nothing, where the slice is of another namespace', 'unknown', [...pods, slice(['10.244.0.11'], [{ name: 'sql', port: 5432 }], 'web', 'pay')]],
    ['nothing, where there is no slice: never every pod of the namespace', 'unknown', pods],
  ])('%s', (_, expected, objects) => {
    expect(behind([bare, ...objects])).toBe(expected);
  });
});

describe('ports that Services show to the outside', () => {
  const exposed = (...objects: readonly object[]): readonly string[] => [...exposedPorts(directoryOf(objects))];
  it.each([
    ['LoadBalancer', ['shop/Deployment/web:8080/TCP']],
    ['NodePort', ['shop/Deployment/web:8080/TCP']],
    ['ClusterIP', []],
    ['ExternalName', []],
  ] as const)('of type %s', (type, expected) => {
    expect(exposed(service({}, WEB, type), web())).toEqual(expected);
  });

  it('are each workload’s own, where several stand behind one', () => {
    expect(
      exposed(
        service({ targetPort: 'http' }, WEB, 'NodePort'),
        web({ name: 'http', containerPort: 8081 }),
        pod('canary-5d4f8c7b9-x7x2l', { ports: [{ name: 'http', containerPort: 8082 }] }),
      ).toSorted(),
    ).toEqual(['shop/Deployment/canary:8082/TCP', 'shop/Deployment/web:8081/TCP']);
  });

  it('are not those of pods that have completed', () => {
    expect(exposed(service({}, WEB, 'LoadBalancer'), web(), pod('migrate-x7k2p', { phase: 'Succeeded' }))).toEqual(['shop/Deployment/web:8080/TCP']);
  });

  it('are no node’s: there is no policy for a pod on the host’s network', () => {
    expect(exposed(service({}, WEB, 'LoadBalancer'), pod('web-6b746f74dc-9rcxx', { hostNetwork: true }))).toEqual([]);
  });
});

describe('a Service without a selector', () => {
  it('a LoadBalancer without a selector shows nothing of its namespace to the outside', () => {
    const objects = [podObject({ namespace: 'shop', name: 'cart-0', ip: '10.0.0.12', labels: { app: 'cart' } }), serviceObject('shop', 'legacy', '10.96.0.9', null, [{ port: 80, targetPort: 8080 }], 'LoadBalancer')];
    expect([...exposedPorts(directoryOf(objects))]).toEqual([]);
  });
});
