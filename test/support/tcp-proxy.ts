import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A way to a port of this machine that a test can cut and join again. */
export class TcpProxy {
  readonly #open = new Set<Socket>();
  #isCut = false;
  readonly #server;

  constructor(port: number) {
    this.#server = createServer((near) => {
      if (this.#isCut) {
        near.resetAndDestroy();
        return;
      }
      const far = connect(port, '127.0.0.1');
      for (const [from, to] of [[near, far], [far, near]] as const) {
        this.#open.add(from);
        from.on('error', () => {}).on('close', () => {
          this.#open.delete(from);
          to.destroy();
        });
        from.on('data', (chunk) => void to.write(chunk));
      }
    });
  }

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  /** Resets what is open, and takes nothing. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#open) socket.resetAndDestroy();
  }

  join(): void {
    this.#isCut = false;
  }

  close(): void {
    this.cut();
    this.#server.close();
  }
}
