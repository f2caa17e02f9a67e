import { UsageError } from '../errors.ts';
import type { TypedObject } from '../kubernetes/inventory.ts';
import { parseAddress } from '../model/address.ts';
import type { AuthorizationPolicy } from '../model/authorization.ts';
import { DATA_PLANES } from '../model/mesh.ts';
import type { Answer } from '../policy/evaluate/evaluate.ts';
import type { MeshRequest } from '../policy/istio/request.ts';
import { answerLines } from './answer-lines.ts';
import type { Context } from './context.ts';
import { nameOf } from './policies.ts';
import { plain } from './text.ts';

/** Requests as Istio's AuthorizationPolicies judge them: many from standard input, or one. */
export interface RequestOptions {
  readonly request?: string;
  readonly requests?: string;
  readonly rootNamespace: string;
  readonly trustDomain: readonly string[];
  readonly dataPlane: string;
}

export async function judgeRequests(context: Context, paths: readonly string[], options: RequestOptions): Promise<number> {
  const { request, requests, rootNamespace, trustDomain: trustDomains } = options;
  if (requests !== undefined && requests !== '-') throw new UsageError('--requests takes - (standard input)');
  const plane = DATA_PLANES.find((one) => one === options.dataPlane);
  if (plane === undefined) throw new UsageError(`--data-plane ${plain(options.dataPlane)}: must be ${DATA_PLANES.join(', ')}`);
  const [{ readManifests }, { toInventory }, { serviceEntries }, { MeshWorld }] = await Promise.all([
    import('../kubernetes/manifests.ts'),
    import('../kubernetes/inventory.ts'),
    import('../kubernetes/service-entry.ts'),
    import('../policy/istio/mesh-world.ts'),
  ]);
  const { objects, problems } = readManifests(paths);
  for (const problem of problems) context.say(`footpath: ${plain(problem)}`);
  const policies = await validAuthorizations(context, objects);
  const world = new MeshWorld(toInventory(objects).inventory, serviceEntries(objects), policies, { rootNamespace, trustDomains });
  const answer = (asked: Readonly<Record<string, unknown>>): Answer => {
    const destination = textIn(asked, 'dst') ?? '';
    const found = world.answer(destination, plane, requestOf(asked));
    if (found === null) throw new UsageError(`dst ${plain(destination)}: no pod of the manifests, nor the only workload so called (NAMESPACE/NAME)`);
    return found;
  };
  if (request === undefined) return answerLines(context, 'request', (asked) => answer(asked).allowed);
  const result = answer(parsed(request));
  context.print(`${JSON.stringify(result)}\n`);
  return result.allowed === false ? 3 : 0;
}

/** AuthorizationPolicies among objects; whatever is wrong with them is said on stderr. */
async function validAuthorizations(context: Context, objects: readonly TypedObject[]): Promise<readonly AuthorizationPolicy[]> {
  const { validateAuthorization } = await import('../policy/istio/validate.ts');
  const policies: AuthorizationPolicy[] = [];
  for (const { kind, group, object } of objects) {
    // Other meshes have a kind of that name, too.
    if (kind !== 'AuthorizationPolicy' || (group !== '' && group !== 'security.istio.io')) continue;
    const { policy, problems, warnings } = validateAuthorization(object);
    if (policy !== null) policies.push(policy);
    const [first] = problems;
    for (const { field, message } of first === undefined ? warnings : [first]) context.say(`footpath: policy ${plain(`${nameOf(object)}: ${field} ${message}`)}`);
  }
  return policies;
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value = JSON.parse(text) as unknown;
    if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>;
  } catch {
    // Said below.
  }
  throw new UsageError('--request takes a JSON object: {"dst","port","protocol","principal","ip","host","method","path"}');
}

function requestOf(asked: Readonly<Record<string, unknown>>): Omit<MeshRequest, 'destination'> {
  const protocol = (textIn(asked, 'protocol') ?? 'HTTP').toUpperCase();
  if (protocol !== 'HTTP' && protocol !== 'TCP') throw new UsageError(`protocol ${plain(protocol)}: must be HTTP or TCP`);
  const { port, headers = {} } = asked;
  const number = typeof port === 'number' || (typeof port === 'string' && /^[0-9]+$/.test(port)) ? Number(port) : Number.NaN;
  if (!Number.isInteger(number) || number < 1 || number > 65_535) throw new UsageError(`port ${shown(port)}: must be between 1 and 65535`);
  const ip = textIn(asked, 'ip');
  const address = ip === null ? null : parseAddress(ip);
  if (ip !== null && address === null) throw new UsageError(`ip ${plain(ip)}: no address`);
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers)) throw new UsageError('headers: must be an object');
  return {
    port: number,
    protocol,
    principal: textIn(asked, 'principal')?.replace(/^spiffe:\/\//, '') ?? null,
    ip: address,
    host: textIn(asked, 'host'),
    method: textIn(asked, 'method'),
    path: textIn(asked, 'path'),
    headers: new Map(Object.entries(headers as Readonly<Record<string, unknown>>).map(([name, value]) => [name.toLowerCase(), String(value)])),
    sni: textIn(asked, 'sni'),
  };
}

/** A text, or null where there is none; empty text is none. */
function textIn(asked: Readonly<Record<string, unknown>>, field: string): string | null {
  const value = asked[field];
  if (value === undefined || value === null || value === '') return null;
  if (typeof value !== 'string') throw new UsageError(`${field} ${shown(value)}: must be text or null`);
  return value;
}

function shown(value: unknown): string {
  return plain(typeof value === 'string' ? value : (JSON.stringify(value) ?? 'missing'));
}
