import { readFileSync, writeFileSync } from 'node:fs';
import { Session, type AlertJson } from './cli.ts';
import { connection, hubbleLine, pod, settledTraffic, T0, WORLD, type HubbleEnd, type HubbleFlow } from './hubble.ts';

/** A small shop that was learned for three days: what everything outside its habits is measured against. */

export const web = pod('shop', 'web-6b746f74dc-9rcxx', '10.0.0.1', { app: 'web' });
export const cart = pod('shop', 'cart-7d9f8b6c5d-x7x2l', '10.0.0.2', { app: 'cart' });
export const database = pod('shop', 'db-0', '10.0.0.3', { app: 'db' });
export const ledger = pod('pay', 'ledger-5c8d7f9b6c-2kqzp', '10.0.1.1', { app: 'ledger' });
export const books = pod('pay', 'books-0', '10.0.1.2', { app: 'books' });
export const partner = WORLD('198.51.100.10');

export const NODE: HubbleEnd = { ip: '192.168.0.2', labels: ['reserved:remote-node'], identity: 6 };
export const APISERVER: HubbleEnd = { ip: '192.168.0.9', labels: ['reserved:kube-apiserver', 'reserved:remote-node'], identity: 7 };
export const METADATA = WORLD('169.254.169.254');

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
/** A week after the shop was learned. */
export const LATER = T0 + 10 * DAY;

/** The accepted edges of the shop. */
export const HABITS: readonly HubbleFlow[] = [
  { from: web, to: cart, port: 8080 },
  { from: cart, to: database, port: 5432 },
  { from: ledger, to: books, port: 5432 },
  { from: web, to: partner, port: 443 },
];

export function usualTraffic(days = 3, start = T0): readonly string[] {
  return HABITS.flatMap((habit) => settledTraffic(habit, days, start));
}

const states = new Map<string, Buffer>();

/** A session whose database is in the state that `prepare` leaves; prepared once, then copied. */
export async function sessionIn(state: string, prepare: (session: Session) => Promise<unknown>): Promise<Session> {
  const session = new Session();
  const known = states.get(state);
  if (known !== undefined) writeFileSync(session.db, known);
  else {
    await prepare(session);
    states.set(state, readFileSync(session.db));
  }
  return session;
}

/** A session that has learned the shop. */
export function learnedShop(): Promise<Session> {
  return sessionIn('learned', (session) => session.observe(usualTraffic()));
}

/** A session that has learned the shop, and watches all of it. */
export function watchedShop(): Promise<Session> {
  return sessionIn('watched', async (session) => {
    await session.observe(usualTraffic());
    await must(session, 'watch', '-A');
  });
}

/** Runs a command that must succeed; returns what it said on stderr. */
export async function must(session: Session, ...args: readonly string[]): Promise<string> {
  const { status, err } = await session.run(...args);
  if (status !== 0) throw new Error(`footpath ${args.join(' ')} exited with ${status}: ${err}`);
  return err;
}

type Lines = (flow: HubbleFlow) => readonly string[];

/** Some connections within a minute; `lines` writes one of them. */
export function few(n: number, flow: HubbleFlow, lines: Lines = connection): readonly string[] {
  const start = typeof flow.time === 'number' ? flow.time : LATER;
  return Array.from({ length: n }, (_, i) => lines({ ...flow, time: start + i * 1_000, clientPort: 40_000 + i })).flat();
}

/** A first packet and the server's refusal. */
export const refused: Lines = (flow) => [hubbleLine(flow), hubbleLine({ ...flow, reply: true, flags: ['RST', 'ACK'] })];

/** A first packet that a policy stopped. */
export const denied: Lines = (flow) => [hubbleLine({ ...flow, verdict: 'DROPPED', extra: { is_reply: undefined, drop_reason_desc: 'POLICY_DENIED', event_type: { type: 5 } } })];

/** A first packet that nobody answered. */
export const unanswered: Lines = (flow) => [hubbleLine(flow)];

/** A first packet that a policy in audit mode would have stopped. */
export const audited: Lines = (flow) => [hubbleLine({ ...flow, verdict: 'AUDIT', extra: { event_type: { type: 5 } } })];

/** Attempts on so many ports of the database, one after the other. */
export function probes(n: number, lines: Lines = refused, flow: Partial<HubbleFlow> = {}): readonly string[] {
  const start = typeof flow.time === 'number' ? flow.time : LATER;
  return Array.from({ length: n }, (_, i) => lines({ from: web, to: database, ...flow, time: start + i * 1_000, port: 20_000 + i, clientPort: 40_000 + i })).flat();
}

/** `high new-edge cross-namespace firing` */
export function alertText({ severity, kind, class: edgeClass, state }: AlertJson): string {
  return [severity, kind, ...(edgeClass === undefined ? [] : [edgeClass]), state].join(' ');
}

/** The texts of all alerts of a session, sorted. */
export async function alertTexts(session: Session): Promise<readonly string[]> {
  return (await session.alerts()).map(alertText).toSorted();
}

/** The one alert that there must be. */
export async function onlyAlert(session: Session): Promise<AlertJson> {
  const alerts = await session.alerts();
  const [alert] = alerts;
  if (alert === undefined || alerts.length > 1) throw new Error(`${alerts.length} alerts: ${alerts.map(({ reason }) => reason).join('; ')}`);
  return alert;
}
