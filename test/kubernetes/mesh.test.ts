import { describe, expect, it } from 'vitest';
import { projectMeshMode, projectWantedMeshMode } from '../../src/kubernetes/mesh.ts';
import { projectPod, projectService, projectWorkload } from '../../src/kubernetes/project.ts';
import { podObject } from '../support/inventory.ts';

const APP = { name: 'main' };
const proxy = (...args: readonly string[]): object => ({ name: 'istio-proxy', args });
const object = (parts: { readonly labels?: object; readonly annotations?: object; readonly containers?: readonly object[]; readonly initContainers?: readonly object[] }): object => ({
  metadata: { labels: parts.labels ?? {}, annotations: parts.annotations ?? {} },
  spec: { containers: parts.containers ?? [APP], ...(parts.initContainers === undefined ? {} : { initContainers: parts.initContainers }) },
});

describe('how a pod takes part in the mesh', () => {
  it.each([
    ['none', 'nothing is said', object({})],
    ['sidecar', 'a proxy runs beside it', object({ containers: [APP, proxy('proxy', 'sidecar', '--domain', 'x')] })],
    ['sidecar', 'the proxy is an init container that stays', object({ initContainers: [{ name: 'istio-init' }, proxy('proxy', 'sidecar')] })],
    ['sidecar', 'it was injected', object({ annotations: { 'sidecar.istio.io/status': '{"revision":"default"}' } })],
    ['sidecar', 'the proxy’s arguments are left out', object({ containers: [APP, { name: 'istio-proxy' }] })],
    ['ambient', 'its node’s ztunnel carries it', object({ annotations: { 'ambient.istio.io/redirection': 'enabled' } })],
    ['none', 'its node’s ztunnel does not', object({ annotations: { 'ambient.istio.io/redirection': 'disabled' } })],
    ['sidecar', 'it has both: its own proxy comes first', object({ containers: [APP, proxy('proxy', 'sidecar')], annotations: { 'ambient.istio.io/redirection': 'enabled' } })],
    ['waypoint', 'it runs as one', object({ containers: [proxy('proxy', 'waypoint', '--domain', 'x')] })],
    ['waypoint', 'the mesh made it', object({ labels: { 'gateway.istio.io/managed': 'istio.io-mesh-controller' }, containers: [{ name: 'istio-proxy' }] })],
    ['waypoint', 'its class says so', object({ labels: { 'gateway.networking.k8s.io/gateway-class-name': 'istio-waypoint' } })],
    ['gateway', 'it runs as one', object({ containers: [proxy('proxy', 'router')], annotations: { 'sidecar.istio.io/status': '{}' } })],
    ['gateway', 'it was made for a Gateway', object({ labels: { 'gateway.istio.io/managed': 'istio.io-gateway-controller' }, containers: [{ name: 'istio-proxy' }] })],
    ['gateway', 'the gateway’s template was injected', object({ annotations: { 'inject.istio.io/templates': 'gateway', 'sidecar.istio.io/status': '{}' } })],
    ['none', 'it is the ztunnel', object({ containers: [proxy('proxy', 'ztunnel')] })],
    ['none', 'another’s gateway', object({ labels: { 'gateway.networking.k8s.io/gateway-class-name': 'nginx' } })],
    ['none', 'a sidecar is wanted and was not injected', object({ labels: { 'sidecar.istio.io/inject': 'true' } })],
    ['none', 'names of what every object has are no classes', object({ labels: { 'gateway.istio.io/managed': 'constructor' }, containers: [APP, { name: 'proxy', args: ['proxy', 'toString'] }] })],
  ])('is %s: %s', (expected, _, pod) => {
    expect(projectMeshMode(pod)).toBe(expected);
  });

  it.each([
    [null, 'nothing is said', object({})],
    ['sidecar', 'a label wants it', object({ labels: { 'sidecar.istio.io/inject': 'true' } })],
    ['sidecar', 'an annotation wants it', object({ annotations: { 'sidecar.istio.io/inject': 'true' } })],
    ['none', 'none is wanted', object({ labels: { 'sidecar.istio.io/inject': 'false' } })],
    ['waypoint', 'none is wanted, for it is a proxy itself', object({ labels: { 'sidecar.istio.io/inject': 'false', 'gateway.istio.io/managed': 'istio.io-mesh-controller' } })],
  ])('of a template is %s: %s', (expected, _, template) => {
    expect(projectWantedMeshMode(template)).toBe(expected);
  });

  it('is a fact of pods and of templates', () => {
    const running = podObject({ namespace: 'shop', name: 'web-1' }) as { readonly status?: object };
    expect(projectPod(running)?.mesh).toBe('none');
    expect(projectPod({ ...running, status: undefined })?.mesh).toBeNull();
    const template = object({ labels: { 'sidecar.istio.io/inject': 'true' } });
    expect(projectWorkload('Deployment', { metadata: { namespace: 'shop', name: 'web' }, spec: { template } })?.mesh).toBe('sidecar');
  });
});

describe('a Service', () => {
  it('keeps its labels, which name its waypoint', () => {
    const service = { metadata: { namespace: 'shop', name: 'web', labels: { 'istio.io/use-waypoint': 'waypoint' } }, spec: {} };
    expect([...(projectService(service)?.labels ?? [])]).toEqual([['istio.io/use-waypoint', 'waypoint']]);
  });
});
