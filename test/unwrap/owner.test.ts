import { describe, expect, it } from 'vitest';
import { ownerFromPath } from '../../src/unwrap/owner.ts';

const UID = '0a1b2c3d-1111-2222-3333-444455556666';
const ID = 'a'.repeat(64);

describe('the owner that kubelet’s paths name', () => {
  it.each([
    ['a pod', `/var/log/pods/shop_web-1_${UID}/app/0.log`, 'shop', 'web-1', 'app'],
    ['after restarts', `/var/log/pods/shop_web-1_${UID}/app/17.log`, 'shop', 'web-1', 'app'],
    ['rotated', `/var/log/pods/shop_web-1_${UID}/app/0.log.20260301-120000`, 'shop', 'web-1', 'app'],
    ['rotated and compressed', `/var/log/pods/shop_web-1_${UID}/app/0.log.20260301-120000.gz`, 'shop', 'web-1', 'app'],
    ['a static pod, whose uid is a hash', '/var/log/pods/kube-system_etcd-node-a_2f7d1f3e5b6c8a9d0e1f2a3b4c5d6e7f/etcd/0.log', 'kube-system', 'etcd-node-a', 'etcd'],
    ['a pod with dots in its name', `/var/log/pods/kube-system_kube-proxy-ip-10-0-0-1.ec2.internal_${UID}/kube-proxy/0.log`, 'kube-system', 'kube-proxy-ip-10-0-0-1.ec2.internal', 'kube-proxy'],
    ['a copy', `backup/node-a/shop_web-1_${UID}/app/0.log`, 'shop', 'web-1', 'app'],
    ['a copy beside the reader', `shop_web-1_${UID}/app/0.log`, 'shop', 'web-1', 'app'],
    ['a link by the container', `/var/log/containers/web-1_shop_app-${ID}.log`, 'shop', 'web-1', 'app'],
    ['a link of a container with dashes', `/var/log/containers/web-1_shop_istio-proxy-${ID}.log`, 'shop', 'web-1', 'istio-proxy'],
    ['a link alone', `web-1_shop_app-${ID}.log`, 'shop', 'web-1', 'app'],
  ])('%s', (_, path, namespace, pod, container) => {
    expect(ownerFromPath(path)).toEqual({ namespace, pod, container });
  });

  it.each([
    ['another file in the container’s folder', `/var/log/pods/shop_web-1_${UID}/app/app.log`],
    ['a file in the pod’s folder', `/var/log/pods/shop_web-1_${UID}/0.log`],
    ['a file one folder too deep', `/var/log/pods/shop_web-1_${UID}/app/old/0.log`],
    ['a folder without a uid', '/var/log/pods/shop_web-1/app/0.log'],
    ['names that no object can have', `/var/log/pods/Shop_web-1_${UID}/app/0.log`],
    ['a link with a short id', '/var/log/containers/web-1_shop_app-0123abcd.log'],
    ['something else', '/var/log/syslog'],
    ['nothing', ''],
  ])('nobody: %s', (_, path) => {
    expect(ownerFromPath(path)).toBeNull();
  });
});
