/**
 * A TCP proxy before a server whose connections can fall silent, as behind a firewall
 * that forgot them: nothing arrives any more, in either direction, and neither side
 * learns of it.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** One connection through the proxy. */
export interface Connection {
  /** Whether the client has sent this text, such as the name of a statement. */
  sent(text: string): boolean;
  /** How many bytes the client has sent, and the server. */
  readonly bytes: { readonly sent: number; readonly received: number };
  /** Nothing arrives any more. */
  silence(): void;
  /** Both sides learn that it is over. */
  end(): void;
}

export interface SilentProxy {
  /** The server's address, through the proxy. */
  readonly url: string;
  readonly connections: readonly Connection[];
  /** Called with each piece that a client sends, before the server gets it. */
  onSent: (text: string, connection: Connection) => void;
  /** Called after each piece of the server. */
  onReceived: (connection: Connection) => void;
  /** All connections fall silent, and so does each new one. */
  silenceAll(): void;
  /** Ends all connections and refuses new ones, as a server that is stopped. */
  stop(): Promise<void>;
}

/** Starts one before the server of a database. It is stopped when the test ends. */
export async function silentProxy(url: string): Promise<SilentProxy> {
  const target = new URL(url);
  const connections: ProxiedConnection[] = [];
  let isSilent = false;
  const server = createServer({ pauseOnConnect: true }, (client) => {
    const connection = new ProxiedConnection(client, target, {
      onSent: (text) => proxy.onSent(text, connection),
      onReceived: () => proxy.onReceived(connection),
    });
    connections.push(connection);
    if (!isSilent) connection.begin();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const through = new URL(url);
  through.port = String((server.address() as AddressInfo).port);
  const proxy: SilentProxy = {
    url: through.href,
    connections,
    onSent: () => undefined,
    onReceived: () => undefined,
    silenceAll: () => {
      isSilent = true;
      for (const connection of connections) connection.silence();
    },
    stop: async () => {
      for (const connection of connections) connection.end();
      if (server.listening) await once(server.close(), "close");
    },
  };
  onTestFinished(() => proxy.stop());
  return proxy;
}

interface Taps {
  readonly onSent: (text: string) => void;
  readonly onReceived: () => void;
}

class ProxiedConnection implements Connection {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly bytes = { sent: 0, received: 0 };
  readonly #onReceived: () => void;
  #sent = "";

  constructor(client: Socket, { hostname, port }: URL, { onSent, onReceived }: Taps) {
    this.#client = client;
    this.#onReceived = onReceived;
    this.#server = connect(Number(port), hostname);
    client.on("data", (piece) => {
      const text = piece.toString("latin1");
      this.#sent += text;
      this.bytes.sent += piece.length;
      onSent(text);
    });
    for (const socket of [client, this.#server]) socket.on("error", () => this.end());
  }

  begin(): void {
    this.#client.pipe(this.#server).pipe(this.#client);
    this.#server.on("data", (piece) => {
      this.bytes.received += piece.length;
      this.#onReceived();
    });
  }

  sent(text: string): boolean {
    return this.#sent.includes(text);
  }

  silence(): void {
    for (const socket of [this.#client, this.#server]) socket.unpipe().pause();
  }

  end(): void {
    this.#client.destroy();
    this.#server.destroy();
  }
}
