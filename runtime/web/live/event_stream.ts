/**
 * Server-sent events (WHATWG HTML, section 9.2): the open streams, and sending on a
 * stream.
 */
import type { Response } from "express";

const HEARTBEAT_MS = 15_000;

/** Open streams; stopping the server ends them. */
export class OpenStreams {
  readonly #streams = new Set<Response>();

  add(response: Response): void {
    this.#streams.add(response);
    response.on("close", () => this.#streams.delete(response));
  }

  get size(): number {
    return this.#streams.size;
  }

  end(): void {
    for (const response of this.#streams) response.end();
  }
}

/**
 * Starts a stream: headers now, then a comment every 15 s, so that no proxy closes the
 * stream as dead.
 * @param hasExpired ends the stream at the next heartbeat when it returns true
 */
export function openStream(
  streams: OpenStreams,
  response: Response,
  hasExpired: () => boolean,
): void {
  response.set({
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
  });
  response.flushHeaders();
  response.write("retry: 2000\n\n");
  streams.add(response);
  const heartbeat = setInterval(() => {
    if (hasExpired()) response.end();
    else response.write(": still here\n\n");
  }, HEARTBEAT_MS);
  response.on("close", () => clearInterval(heartbeat));
}

export function sendEvent(response: Response, event: string, id: string, data: unknown): void {
  if (!response.writableEnded)
    response.write(`event: ${event}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`);
}

/** Waits while the client reads slowly: unread data must not fill our memory. */
export async function drained(response: Response): Promise<void> {
  if (!response.writableNeedDrain || response.destroyed) return;
  await new Promise<void>((resolve) => {
    response.once("drain", resolve);
    response.once("close", resolve);
  });
}
