/**
 * A TCP proxy in front of PostgreSQL for one service, whose connections can be disturbed.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  /** Carries nothing for ever, and neither end learns of it. */
  isDead: boolean;
  /** Data that waits while all connections are silent; null: they are not. */
  held: (() => void)[] | null;
}

export class TcpProxy {
  readonly #pairs = new Set<Pair>();
  readonly #listener: Server;
  #isSilent = false;
  #delayMs = 0;

  private constructor(port: number) {
    this.#listener = createServer((client) => this.#open(client, port));
  }

  /** Starts a proxy for the server at a port of this machine. */
  static async before(port: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(port);
    proxy.#listener.listen(0, "127.0.0.1");
    await once(proxy.#listener, "listening");
    return proxy;
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port;
  }

  /** The ports from which the server sees this service. */
  get serverSidePorts(): readonly number[] {
    return [...this.#pairs].flatMap(({ server }) => server.localPort ?? []);
  }

  /** Ends all connections without a farewell. */
  reset(): void {
    for (const { client, server } of this.#pairs) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
    this.#pairs.clear();
  }

  /** The connections that exist carry nothing any more; new ones work. */
  silenceForEver(): void {
    for (const pair of this.#pairs) pair.isDead = true;
  }

  /** Neither these connections nor new ones carry anything, until {@link heal}. */
  silence(): void {
    this.#isSilent = true;
    for (const pair of this.#pairs) pair.held ??= [];
  }

  /** Delays every piece of data, in both directions. */
  slow(delayMs: number): void {
    this.#delayMs = delayMs;
  }

  /**
   * Data flows again, also what was held. Connections that are silent for ever stay so.
   */
  heal(): void {
    this.#delayMs = 0;
    if (!this.#isSilent) return;
    this.#isSilent = false;
    for (const pair of this.#pairs) {
      const held = pair.held ?? [];
      pair.held = null;
      for (const send of held) send();
      if (pair.client.destroyed || pair.server.destroyed) this.#end(pair);
    }
  }

  async close(): Promise<void> {
    this.reset();
    this.#listener.close();
    await once(this.#listener, "close");
  }

  #open(client: Socket, port: number): void {
    const server = connect(port, "127.0.0.1");
    const pair: Pair = { client, server, isDead: false, held: this.#isSilent ? [] : null };
    this.#pairs.add(pair);
    this.#carry(pair, client, server);
    this.#carry(pair, server, client);
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        if (!pair.isDead && pair.held === null) this.#end(pair);
      });
    }
  }

  #carry(pair: Pair, from: Socket, to: Socket): void {
    from.on("data", (data) => {
      const send = (): void => {
        if (!to.destroyed) to.write(data);
      };
      if (pair.isDead) return;
      if (pair.held) pair.held.push(send);
      else if (this.#delayMs > 0) setTimeout(send, this.#delayMs);
      else send();
    });
  }

  #end(pair: Pair): void {
    this.#pairs.delete(pair);
    pair.client.destroy();
    pair.server.destroy();
  }
}
