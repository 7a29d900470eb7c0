/**
 * The connections to the server that one session opened. The client cannot end a request
 * that waits, repeats a login for minutes, and keeps connections for later requests: they
 * would outlive the try.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";

const current = new AsyncLocalStorage<Sockets>();
subscribe("net.client.socket", (message) =>
  current.getStore()?.add((message as { readonly socket: Socket }).socket),
);

export class Sockets {
  readonly #open = new Set<Socket>();
  #isEnded = false;

  /** Counts the connections that `work` and all that follows from it open. */
  run<Result>(work: () => Result): Result {
    return current.run(this, work);
  }

  add(socket: Socket): void {
    if (this.#isEnded) socket.destroy();
    else this.#open.add(socket.once("close", () => this.#open.delete(socket)));
  }

  /** Closes all, and those that are opened later. */
  end(): void {
    this.#isEnded = true;
    for (const socket of this.#open) socket.destroy();
  }
}
