import { readFileSync } from 'node:fs';
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import type * as Library from 'kafkajs';
import type { ISocketFactory, Kafka, Mechanism, SASLOptions } from 'kafkajs';
import { OperationError } from '../../errors.ts';
import { bearer } from './bearer.ts';
import { gzip, lz4, snappy, zstd } from './codecs.ts';
import type { KafkaConnection } from './config.ts';

const KEEP_ALIVE = 60_000;

export interface KafkaClient {
  readonly kafka: Kafka;
  /** Closes its sockets, whatever it still waits for, and opens none any more. */
  destroy(): void;
}

export interface ClientOptions {
  readonly clientId: string;
  /** What the client says of itself; it cries wolf at each rebalance. */
  readonly onLog?: (level: 'debug' | 'info' | 'warn' | 'error', message: string) => void;
}

/** Makes a client; it connects when it is used. The library is loaded with the first. */
export async function kafkaClient({ brokers, tls, sasl }: KafkaConnection, { clientId, onLog }: ClientOptions): Promise<KafkaClient> {
  const { default: kafkajs } = await import('kafkajs');
  await addCodecs(kafkajs);
  const sockets = new Sockets();
  const kafka = new kafkajs.Kafka({
    brokers,
    clientId,
    ssl: tls === false ? false : tlsOptions(tls),
    ...(sasl === null ? {} : { sasl: saslOptions(sasl) }),
    connectionTimeout: 10_000,
    authenticationTimeout: 10_000,
    requestTimeout: 30_000,
    // Whoever opened it tries for longer.
    retry: { retries: 3 },
    socketFactory: sockets.open,
    logLevel: onLog === undefined ? kafkajs.logLevel.NOTHING : kafkajs.logLevel.INFO,
    logCreator: () => ({ level, log }) => onLog?.(LEVELS[level] ?? 'debug', log['error'] === undefined ? log.message : `${log.message}: ${String(log['error'])}`),
  });
  return { kafka, destroy: () => sockets.destroy() };
}

const LEVELS: Readonly<Record<number, 'debug' | 'info' | 'warn' | 'error'>> = { 1: 'error', 2: 'warn', 4: 'info', 5: 'debug' };

/** The library keeps them for all clients. */
async function addCodecs({ CompressionCodecs, CompressionTypes }: Pick<typeof Library, 'CompressionCodecs' | 'CompressionTypes'>): Promise<void> {
  const [{ default: snappyLibrary }, { default: lz4Library }] = await Promise.all([import('kafkajs-snappy'), import('lz4js')]);
  CompressionCodecs[CompressionTypes.GZIP] = () => gzip;
  CompressionCodecs[CompressionTypes.ZSTD] = () => zstd;
  CompressionCodecs[CompressionTypes.LZ4] = () => lz4(lz4Library);
  CompressionCodecs[CompressionTypes.Snappy] = () => snappy(snappyLibrary());
}

function tlsOptions(tls: Exclude<KafkaConnection['tls'], false>): ConnectionOptions {
  if (tls === true) return {};
  const { caFile, certFile, keyFile, serverName } = tls;
  return {
    ...(caFile === undefined ? {} : { ca: readSecret(caFile) }),
    ...(certFile === undefined ? {} : { cert: readSecret(certFile) }),
    ...(keyFile === undefined ? {} : { key: readSecret(keyFile) }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  };
}

function saslOptions(sasl: NonNullable<KafkaConnection['sasl']>): SASLOptions | Mechanism {
  if (sasl.mechanism === 'oauthbearer') return bearer(() => readSecret(sasl.tokenFile));
  const options: SASLOptions = { mechanism: sasl.mechanism, username: sasl.username, password: readSecret(sasl.passwordFile) };
  return options;
}

function readSecret(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new OperationError(`${path}: cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`, { cause: error });
  }
}

/** The library notices the end of a socket only by the other side's word or by an error. */
const CLOSED = new Error('closed by us');

/** All sockets of a client: the library leaves some open when it gives up. */
class Sockets {
  readonly #open = new Set<Socket>();
  #isOver = false;

  readonly open: ISocketFactory = ({ host, port, ssl, onConnect }) => {
    // `ssl` is false where there is none, whatever its type says.
    const socket = (ssl as ConnectionOptions | false | undefined)
      ? connectTls({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}), ...ssl }, onConnect)
      : connectPlain({ host, port }, onConnect);
    socket.setKeepAlive(true, KEEP_ALIVE);
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
    if (this.#isOver) socket.destroy(CLOSED);
    return socket;
  };

  destroy(): void {
    this.#isOver = true;
    for (const socket of this.#open) socket.destroy(CLOSED);
  }
}
