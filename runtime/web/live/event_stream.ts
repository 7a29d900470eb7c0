/**
 * Server-sent events (WHATWG HTML, section 9.2): the open streams, and sending on a
 * stream.
 */
import type { Response } from "express";

const HEARTBEAT_MS = 15_000;
/** Most open streams of one user. A browser opens one for each tab. */
export const MOST_STREAMS = 256;

/** Open streams; stopping the server ends them. */
export class OpenStreams {
  /** Each with its client. */
  readonly #streams = new Map<Response, string>();

  /** @returns false when the client has too many already */
  add(response: Response, client: string): boolean {
    const others = [...this.#streams.values()].filter((one) => one === client);
    if (others.length >= MOST_STREAMS) return false;
    this.#streams.set(response, client);
    response.on("close", () => this.#streams.delete(response));
    return true;
  }

  get size(): number {
    return this.#streams.size;
  }

  end(): void {
    for (const response of this.#streams.keys()) response.end();
  }
}

/**
 * Starts a stream: headers now, then a comment every 15 s, so that no proxy closes the
 * stream as dead.
 * @param client who opens it, for the limit of streams
 * @param hasExpired ends the stream at the next heartbeat when it returns true
 * @returns false when the client has too many streams; then nothing was sent
 */
export function openStream(
  streams: OpenStreams,
  response: Response,
  client: string,
  hasExpired: () => Promise<boolean>,
): boolean {
  if (!streams.add(response, client)) return false;
  response.set({
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
  });
  response.flushHeaders();
  response.write("retry: 2000\n\n");
  const heartbeat = setInterval(() => void beat(response, hasExpired), HEARTBEAT_MS);
  response.on("close", () => clearInterval(heartbeat));
  return true;
}

/**
 * Without an answer of the database the stream goes on: its user is not known to have
 * left.
 */
async function beat(response: Response, hasExpired: () => Promise<boolean>): Promise<void> {
  if (await hasExpired().catch(() => false)) response.end();
  else if (!response.writableEnded) response.write(": still here\n\n");
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
