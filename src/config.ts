import { z } from 'zod';
import { readYaml } from './config-yaml.ts';
import { UsageError } from './errors.ts';
import { DEFAULT_LIMITS } from './learn/limits.ts';
import { parseCidr } from './model/address.ts';
import { closest } from './nearest.ts';
import { alertsConfig } from './notify/config.ts';
import { kafkaSourceConfig } from './sources/kafka/config.ts';

/** One schema for the configuration file; flags and the environment override it. Unknown keys are refused. */

const count = z.int().positive();
const cidr = z.string().refine((text) => parseCidr(text) !== null, { error: 'is no range of addresses (10.0.0.0/8)' });

const limits = z.strictObject({
  edges: count.default(DEFAULT_LIMITS.edges).describe('in all'),
  edgesPerNamespace: count.default(DEFAULT_LIMITS.edgesPerNamespace),
  edgesPerWorkload: count.default(DEFAULT_LIMITS.edgesPerWorkload),
  outsideAddresses: count.default(DEFAULT_LIMITS.outsideAddresses).describe('distinct ones; what is beyond is shown as one, and never proposed'),
  portsPerPair: count.default(DEFAULT_LIMITS.portsPerPair).describe('more is a scan, and never a rule'),
  pathsPerService: count.default(DEFAULT_LIMITS.pathsPerService).describe('path templates of HTTP operations'),
  podsPerEdge: count.default(DEFAULT_LIMITS.podsPerEdge),
  addressesPerEdge: count.default(DEFAULT_LIMITS.addressesPerEdge),
  labelSetsPerWorkload: count.default(DEFAULT_LIMITS.labelSetsPerWorkload),
  pendingRows: count.default(DEFAULT_LIMITS.pendingRows).describe('flows, by minute, whose owner is not known yet'),
});

const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
const SOURCE_KINDS = ['file', 'kafka'] as const;

const source = z
  .strictObject({
    /** In messages and metrics; made of kind and number if it is left out. */
    name: z
      .string()
      .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, { error: 'is no name (lower-case letters, digits and -)' })
      .optional(),
    file: z.strictObject({ paths: z.array(z.string()).min(1), format: z.string().nullable().default(null) }).optional(),
    kafka: kafkaSourceConfig.optional(),
  })
  .refine((given) => SOURCE_KINDS.filter((kind) => given[kind] !== undefined).length === 1, { error: `names one of ${SOURCE_KINDS.join(', ')}` });

/** Its own name, or kind and number: `kafka-2` is the second source, if that is a topic. */
export function sourceName(given: SourceConfig, index: number): string {
  return given.name ?? `${SOURCE_KINDS.find((kind) => given[kind] !== undefined) ?? 'source'}-${index + 1}`;
}

export type SourceConfig = z.infer<typeof source>;

const schema = z.strictObject({
  database: z.string().default('footpath.db').describe('one file of SQLite; taken over at the next start'),
  listen: z.string().default('127.0.0.1:8470').describe('where /metrics, /healthz and /readyz are served; beyond this machine only with a token'),
  listenTokenFile: z.string().nullable().default(null).describe('a file with a token of at least 16 characters, which others must show as a bearer'),
  lagLimitSeconds: count.default(300).describe('not ready once not all that a source has was read for so long'),
  logLevel: z.enum(LOG_LEVELS).default('info').describe('debug, info, warn or error'),
  sources: z
    .array(source)
    .default([])
    .describe(
      'each is a file source or a Kafka source, and may have a name:\n- file: { paths: ["/var/run/cilium/hubble/*.log"], format: hubble }\n- kafka: { brokers: ["kafka:9092"], topic: flows, group: footpath, format: hubble, tls: false,\n    sasl: { mechanism: scram-sha-512, username: footpath, passwordFile: /run/secrets/kafka } }',
    ),
  cluster: z.string().nullable().default(null).describe('name of the cluster that the records are from'),
  clusterCidrs: z.array(cidr).default([]).describe('ranges of pods, Services and nodes that the inventory does not tell'),
  inventory: z
    .strictObject({
      files: z.array(z.string()).default([]).describe('what kubectl get … -o json printed, or manifests'),
      kubernetes: z.boolean().default(false).describe('watch the API of the cluster, by a kubeconfig (as kubectl finds it) or as the pod that it runs in'),
      kubeconfig: z.string().nullable().default(null),
      context: z.string().nullable().default(null),
    })
    .prefault({}),
  accessLogFormat: z.string().nullable().default(null).describe('the format string or JSON template of the mesh, or @FILE that holds it'),
  proposals: z
    .strictObject({
      ranges: z.array(z.string()).default([]).describe('files of outside ranges that you have names for, as YAML or JSON (cdn: [198.51.100.0/24]): an address within is proposed as all of them'),
      maxRanges: z.int().min(1).max(64).nullable().default(null).describe('merge the outside addresses of a workload into at most so many ranges, those that open the fewest others'),
      widenNamespaces: count.nullable().default(null).describe('from so many workloads of a namespace at one port on, name the whole namespace'),
    })
    .prefault({})
    .describe('how far proposals may go beyond what was seen; each widening is stated'),
  alerts: alertsConfig.prefault({}),
  limits: limits.prefault({}).describe('what input may fill; beyond is counted'),
});

/** The schema of the file as JSON Schema, for editors. */
export function jsonSchema(): object {
  return z.toJSONSchema(schema, { io: 'input' });
}

export type Config = z.infer<typeof schema>;

export const DEFAULT_CONFIG: Config = schema.parse({});

/** Reads YAML or JSON. Errors are one line: the file, the key, what is wrong with it. */
export function readConfig(path: string): Config {
  const result = schema.safeParse(readYaml(path) ?? {});
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => problem(issue));
  throw new UsageError(`${path}: ${problems.join('; ')} (footpath config print-default shows every key)`);
}

/** What the environment may say of a configuration, by variable. A Service called footpath sets others (FOOTPATH_PORT), which mean nothing. */
export const ENVIRONMENT = {
  FOOTPATH_DB: (config: Config, database: string): Config => ({ ...config, database }),
  FOOTPATH_LISTEN: (config: Config, address: string): Config => ({ ...config, listen: address }),
  FOOTPATH_LISTEN_TOKEN_FILE: (config: Config, listenTokenFile: string): Config => ({ ...config, listenTokenFile }),
  FOOTPATH_LOG_LEVEL: (config: Config, level: string): Config => ({ ...config, logLevel: oneOf('FOOTPATH_LOG_LEVEL', level, LOG_LEVELS) }),
  FOOTPATH_CLUSTER: (config: Config, cluster: string): Config => ({ ...config, cluster }),
  FOOTPATH_CLUSTER_CIDRS: (config: Config, cidrs: string): Config => ({ ...config, clusterCidrs: cidrs.split(',') }),
  FOOTPATH_ACCESS_LOG_FORMAT: (config: Config, accessLogFormat: string): Config => ({ ...config, accessLogFormat }),
  FOOTPATH_KUBERNETES: (config: Config, text: string): Config => ({
    ...config,
    inventory: { ...config.inventory, kubernetes: oneOf('FOOTPATH_KUBERNETES', text, ['true', 'false']) === 'true' },
  }),
} as const;

/** The environment's word counts more than the file's. An empty variable says nothing. */
export function withEnvironment(config: Config, env: Readonly<Record<string, string | undefined>>): Config {
  return Object.entries(ENVIRONMENT).reduce((before, [variable, set]) => {
    const value = env[variable];
    return value === undefined || value === '' ? before : set(before, value);
  }, config);
}

function oneOf<T extends string>(variable: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === value);
  if (found === undefined) throw new UsageError(`${variable}=${value}: is none of ${allowed.join(', ')}`);
  return found;
}

function problem(issue: z.core.$ZodIssue): string {
  const where = issue.path.join('.');
  if (issue.code !== 'unrecognized_keys') return `${where || 'the file'}: ${issue.message.replace(/^Invalid input: /, '')}`;
  const known = knownKeys(issue.path);
  return issue.keys
    .map((key) => {
      const near = closest(key, known);
      return `${[...issue.path, key].join('.')}: no such key${near === null ? '' : `, did you mean ${near}?`}`;
    })
    .join('; ');
}

/** The keys that the schema has at a place of the file. */
function knownKeys(path: readonly PropertyKey[]): readonly string[] {
  let type = bare(schema);
  for (const step of path) {
    if (type instanceof z.ZodArray) type = bare(type.element as z.ZodType);
    else if (type instanceof z.ZodObject) type = bare((type.shape as Readonly<Record<PropertyKey, z.ZodType>>)[step]);
  }
  return type instanceof z.ZodObject ? Object.keys(type.shape) : [];
}

/** What a key is for, by its path; null where its name says it. */
export function describedKey(path: readonly PropertyKey[]): string | null {
  let type: z.ZodType | undefined = schema;
  for (const step of path) {
    const inner = bare(type);
    type = inner instanceof z.ZodObject ? (inner.shape as Readonly<Record<PropertyKey, z.ZodType>>)[step] : undefined;
  }
  return type?.description ?? null;
}

/** Without what says that it may be left out. */
function bare(type: z.ZodType | undefined): z.ZodType | undefined {
  let inner = type;
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault || inner instanceof z.ZodOptional || inner instanceof z.ZodNullable) inner = inner.unwrap() as z.ZodType;
  return inner;
}
