import { createHash, timingSafeEqual } from 'node:crypto';
import { Hono } from 'hono';

/** What the HTTP side is given; it sees neither store nor sources. */
export interface Served {
  readonly metrics: { readonly contentType: string; text(): Promise<string> };
  readonly health: { readonly isReady: boolean; readonly reasons: readonly string[] };
  /** What whoever asks for more than health must show as a bearer token; null where only this machine can ask. */
  readonly token: string | null;
}

/** `/healthz` (the process lives), `/readyz` (it learns; 503 with the reasons while it cannot), `/metrics`. */
export function createApp({ metrics, health, token }: Served): Hono {
  const app = new Hono();
  app.get('/healthz', (c) => c.text('ok\n'));
  app.get('/readyz', (c) => (health.isReady ? c.text('ready\n') : c.text(`${health.reasons.join('\n')}\n`, 503)));
  app.use(async (c, next) => {
    if (token !== null && !isBearer(c.req.header('Authorization'), token)) return c.text('a bearer token is needed\n', 401, { 'WWW-Authenticate': 'Bearer' });
    return next();
  });
  app.get('/metrics', async (c) => c.body(await metrics.text(), 200, { 'Content-Type': metrics.contentType }));
  app.notFound((c) => c.text('no such page; try /metrics, /healthz, /readyz\n', 404));
  return app;
}

/** In constant time: hashes are compared, so that not even the length tells anything. */
function isBearer(header: string | undefined, token: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(header ?? ''), hash(`Bearer ${token}`));
}
