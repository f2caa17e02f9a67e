import { once } from 'node:events';
import { request as requestHttp, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { request as requestHttps, type RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { OperationError, RetriableError } from '../errors.ts';
import type { Clock } from '../clock.ts';

/** How to reach a cluster's API server, with the credentials of a kubeconfig or of the pod that this runs in. */
export interface ApiConnection {
  /** Scheme, host and port, for messages. */
  readonly server: string;
  /** Asks for a path with its query; the answer may have any status. Throws a `RetriableError` where there is none. */
  get(path: string, signal: AbortSignal): Promise<IncomingMessage>;
  /** The credentials were refused: the next request reads them again from where they come. */
  renew(): void;
}

export interface ConnectOptions {
  /** Path of a kubeconfig; without it as kubectl does (`KUBECONFIG`, `~/.kube/config`), else the pod's service account. */
  readonly kubeconfig?: string | null;
  readonly context?: string | null;
}

/** Credentials are asked for this often: token files change, and a command that makes tokens is slow. */
const CREDENTIALS_FOR = 30_000;

/** Throws an `OperationError` if there is no usable configuration. Nothing is sent yet. */
export async function connect(options: ConnectOptions, clock: Pick<Clock, 'now'>): Promise<ApiConnection> {
  const client = await import('@kubernetes/client-node');
  const load = (): KubeConfig => loadConfig(new client.KubeConfig(), options);
  const first = load();
  return new Connection(serverOf(first), first, load, clock);
}

function loadConfig(config: KubeConfig, { kubeconfig, context }: ConnectOptions): KubeConfig {
  try {
    if (kubeconfig === null || kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfig);
  } catch (error) {
    throw new OperationError(`${kubeconfig ?? 'the kubeconfig'}: cannot be read: ${reasonOf(error)}`, { cause: error });
  }
  if (context !== null && context !== undefined) {
    if (config.getContextObject(context) === null) {
      const names = config.getContexts().map(({ name }) => name);
      throw new OperationError(`the kubeconfig has no context ${JSON.stringify(context)}; it has ${names.join(', ') || 'none'}`);
    }
    config.setCurrentContext(context);
  }
  // What the client makes up where it finds nothing.
  if (config.getCurrentContext() === 'loaded-context') throw new OperationError('no cluster to connect to: there is no kubeconfig, and this does not run in a pod; name one by KUBECONFIG, or inventory.kubeconfig of the configuration');
  return config;
}

function serverOf(config: KubeConfig): URL {
  const cluster = config.getCurrentCluster();
  const name = JSON.stringify(config.getCurrentContext() ?? '');
  if (cluster === null) throw new OperationError(`the kubeconfig's context ${name} leads to no cluster`);
  const url = URL.canParse(cluster.server) ? new URL(cluster.server) : null;
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new OperationError(`the kubeconfig's context ${name} has no usable server: ${JSON.stringify(cluster.server)}`);
  }
  return url;
}

class Connection implements ApiConnection {
  readonly server: string;
  readonly #url: URL;
  readonly #load: () => KubeConfig;
  readonly #now: () => number;
  #config: KubeConfig | null;
  #credentials: { readonly options: Promise<RequestOptions>; readonly at: number } | null = null;

  constructor(url: URL, config: KubeConfig, load: () => KubeConfig, clock: Pick<Clock, 'now'>) {
    this.server = url.origin;
    this.#url = url;
    this.#config = config;
    this.#load = load;
    this.#now = clock.now;
  }

  renew(): void {
    this.#config = null;
    this.#credentials = null;
  }

  async get(path: string, signal: AbortSignal): Promise<IncomingMessage> {
    // A command for tokens may hang.
    const credentials = await unlessAborted(this.#current(), signal, new RetriableError(`credentials for ${this.server}: given up`));
    const { protocol, hostname, port, pathname } = this.#url;
    const send = protocol === 'https:' ? requestHttps : requestHttp;
    const sent = send({
      ...credentials,
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port === '' ? null : port,
      path: `${pathname.replace(/\/$/, '')}${path}`,
      headers: { ...(credentials.headers as OutgoingHttpHeaders), accept: 'application/json', 'accept-encoding': 'gzip', 'user-agent': 'footpath' },
      signal,
    });
    sent.end();
    try {
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      // From now on errors reach whoever reads the answer; one that nobody reads any more has none to tell.
      sent.on('error', () => {});
      response.on('error', () => {});
      return response;
    } catch (error) {
      throw new RetriableError(`${this.server}: ${reasonOf(error)}`, { cause: error });
    }
  }

  /** Requests that come together share one look, so that a command for tokens runs once. */
  async #current(): Promise<RequestOptions> {
    const now = this.#now();
    if (this.#credentials === null || Math.abs(now - this.#credentials.at) > CREDENTIALS_FOR) {
      this.#credentials = { options: this.#look(), at: now };
    }
    const mine = this.#credentials;
    try {
      return await mine.options;
    } catch (error) {
      if (this.#credentials === mine) this.#credentials = null;
      throw new RetriableError(`credentials for ${this.server}: ${reasonOf(error)}`, { cause: error });
    }
  }

  async #look(): Promise<RequestOptions> {
    const config = (this.#config ??= this.#load());
    const options: RequestOptions = {};
    await config.applyToHTTPSOptions(options);
    return options;
  }
}

function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal, error: Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(error);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    void promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** One line. Several addresses that all refused are an error without a message of its own. */
function reasonOf(error: unknown): string {
  const known = error instanceof AggregateError ? error.errors[0] : error;
  const message = known instanceof Error ? known.message : String(known);
  return message.trim().split('\n', 1)[0] ?? '';
}
