import { describe, expect, it } from 'vitest';
import { eachObject } from '../../src/kubernetes/inventory.ts';
import { serviceEntries } from '../../src/kubernetes/service-entry.ts';

const entry = (spec: object, more: object = {}): object => ({ apiVersion: 'networking.istio.io/v1', kind: 'ServiceEntry', metadata: { namespace: 'shop', name: 'legacy', labels: { 'istio.io/use-waypoint': 'w' } }, spec, ...more });
const read = (...objects: readonly object[]) => serviceEntries(eachObject(objects));

describe('ServiceEntries that select workloads', () => {
  it('are read with their hosts, addresses and ports', () => {
    const [found] = read(
      entry({
        hosts: ['Legacy.example.com'],
        addresses: ['10.96.1.1', '10.97.0.0/16', 'x'],
        ports: [{ number: 80, name: 'http', protocol: 'HTTP', targetPort: 8080 }, { number: '443' }, { name: 'none' }],
        workloadSelector: { labels: { app: 'legacy' } },
      }),
    );
    expect(found).toMatchObject({ kind: 'ServiceEntry', namespace: 'shop', name: 'legacy', addresses: ['10.96.1.1'], hosts: ['legacy.example.com'] });
    expect(found?.ports.map(({ port, targetPort }) => [port, targetPort])).toEqual([[80, 8080], [443, 443]]);
    expect([...(found?.selector ?? [])]).toEqual([['app', 'legacy']]);
    expect(found?.labels?.get('istio.io/use-waypoint')).toBe('w');
  });

  it.each<[string, object]>([
    ['without a selector', entry({ hosts: ['example.com'] })],
    ['with one that is empty', entry({ workloadSelector: { labels: {} } })],
    ['of another group', entry({ workloadSelector: { labels: { app: 'a' } } }, { apiVersion: 'example.com/v1' })],
    ['without a name', entry({ workloadSelector: { labels: { app: 'a' } } }, { metadata: {} })],
    ['of another kind', entry({ workloadSelector: { labels: { app: 'a' } } }, { kind: 'Sidecar' })],
    ['that are nothing', { apiVersion: 'networking.istio.io/v1', kind: 'ServiceEntry' }],
  ])('those %s are left out', (_, object) => {
    expect(read(object)).toEqual([]);
  });
});
