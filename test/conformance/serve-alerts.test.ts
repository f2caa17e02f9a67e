import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Alertmanager, hasAlertmanager } from '../support/alertmanager.ts';
import { footpath, scratch } from '../support/cli.ts';
import { connection, pod, settledTraffic, T0 } from '../support/hubble.ts';
import { HttpTarget } from '../support/http-target.ts';
import { Serving, Watched } from '../support/serving.ts';

const web = pod('shop', 'web-6b746f74dc-9rcxx', '10.0.0.11', { app: 'web' });
const cart = pod('shop', 'cart-0', '10.0.0.12', { app: 'cart' });
const ratings = pod('shop', 'ratings-0', '10.0.0.13', { app: 'ratings' });
const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
/** A target that forgets is told again every minute. */
const A_MINUTE_AND_SOME = 80_000;

interface Told {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
}

let manager: Alertmanager | null = null;
let serving: Serving | null = null;
afterEach(async () => {
  serving?.child.kill('SIGKILL');
  await manager?.kill();
});

if (!hasAlertmanager && (process.env['FOOTPATH_CI'] ?? '') === '') it.skip('a real Alertmanager: apt-get install prometheus-alertmanager');
else {
  describe('footpath serve, and a real Alertmanager that is down when the attack comes', () => {
    it('holds the alert afterwards, though serve was killed meanwhile, after its own restart too, and until the edge is accepted', { timeout: 240_000 }, async () => {
      const [receiver, hook] = [await HttpTarget.start(), await HttpTarget.start()];
      const am = (manager = await Alertmanager.at(scratch(), receiver.origin));
      hook.always = (response) => void response.writeHead(503).end();
      const watched = new Watched();
      writeFileSync(join(watched.folder, 'hook.key'), 'a-secret-of-some-length\n');
      watched.configure([{ file: { paths: [`${watched.log}*`], format: 'hubble' } }], {
        cluster: 'east',
        alerts: { targets: [{ alertmanager: { urls: [am.origin] } }, { webhook: { url: hook.origin, secretFile: join(watched.folder, 'hook.key') } }] },
      });
      serving = new Serving(watched.config);
      await serving.says('serving');
      writeFileSync(watched.log, text(settledTraffic({ from: web, to: cart })));
      await serving.until('the edge is learned', async () => (await serving?.metric('footpath_edges{state="accepted"}')) === 1);
      expect((await footpath(['watch', '-A', '--db', watched.db])).status).toBe(0);
      appendFileSync(watched.log, text([0, 1, 2].flatMap((n) => connection({ from: cart, to: ratings, port: 9080, clientPort: 41_000 + n, time: T0 + 40 * 3_600_000 + n }))));
      const alert = String((await serving.says('alert'))['alert']);
      // Committed, and nobody has taken it.
      await serving.until('both were tried', () => hook.received.length > 0 && serving?.log.some(({ msg, target }) => msg === 'alerts were not delivered' && String(target).startsWith('alertmanager')));
      expect(await serving.end('SIGKILL')).toBe('SIGKILL');

      hook.always = (response) => void response.end();
      serving = new Serving(watched.config);
      await serving.says('serving');
      await am.start();
      const holds = async (): Promise<boolean> => (await am.held()).some(({ annotations }) => annotations['id'] === alert);
      await serving.until('the Alertmanager holds it', holds, A_MINUTE_AND_SOME);
      await am.kill();
      await am.start();
      await serving.until('it holds it again', holds, A_MINUTE_AND_SOME);
      expect((await am.held()).filter(({ annotations }) => annotations['id'] === alert)).toHaveLength(1);

      expect((await footpath(['alerts', 'accept', alert, '--db', watched.db])).status).toBe(0);
      await serving.until('it is resolved', async () => !(await holds()), A_MINUTE_AND_SOME);
      const told = (): readonly Told[] => (hook.bodies as readonly Told[]).filter(({ subject }) => subject === alert);
      await serving.until('the webhook has heard of its end', () => told().some(({ type }) => type.endsWith('resolved')));
      expect(new Set(told().map(({ type }) => type.split('.').at(-1)))).toEqual(new Set(['firing', 'resolved']));
      // However often it was told: one id for the beginning, one for the end.
      expect(new Set(told().map(({ id }) => id)).size).toBe(2);
      expect(await serving.end()).toBe(0);
    });
  });
}
