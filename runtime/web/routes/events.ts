/** Live streams: changes of a page's topic, and the lines of a log as they come. Server-sent events (WHATWG HTML, section 9.2). */
import { type Request, type Response, Router } from "express";
import type { Topic } from "../../store/reads/changes.ts";
import { chunksAfter, isTryOver } from "../../store/reads/log.ts";
import { Refused } from "../http/gate.ts";
import { logParams, logQuery } from "../http/input.ts";
import { checked } from "../http/respond.ts";
import type { WebServices } from "../http/services.ts";
import { sessionOf } from "../http/sessions.ts";
import { parseLines } from "../live/log_window.ts";
import { parseTopic } from "../live/watchers.ts";

const HEARTBEAT_MS = 15_000;

/** Streams that are open; stopping the server ends them. */
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

export function eventRoutes(services: WebServices, streams: OpenStreams): Router {
  const router = Router({ caseSensitive: true, strict: true });
  router.get("/events", (request, response) => changes(services, streams, request, response));
  router.get("/logs/:instanceId/:tryNumber/stream", (request, response) =>
    logStream(services, streams, request, response),
  );
  return router;
}

function changes(
  services: WebServices,
  streams: OpenStreams,
  request: Request,
  response: Response,
): void {
  const { topic: text, since } = request.query;
  const topic = typeof text === "string" ? parseTopic(text) : undefined;
  if (!topic) throw new Refused(400, "topic: is home, dag:<id>, run:<id> or task:<run>:<task>");
  const known = request.get("Last-Event-ID") ?? (typeof since === "string" ? since : "");
  open(services, streams, request, response);
  const stop = services.watchers.watch(topic, known, (mark) =>
    send(response, "changed", mark, { topic: text }),
  );
  response.on("close", stop);
}

async function logStream(
  services: WebServices,
  streams: OpenStreams,
  request: Request,
  response: Response,
): Promise<void> {
  const { instanceId, tryNumber } = checked(logParams, request.params);
  const { after = -1 } = checked(logQuery, {
    after: request.get("Last-Event-ID") ?? request.query.after,
  });
  if ((await isTryOver(services.reader, instanceId, tryNumber)) === undefined)
    throw new Refused(404, "There is no such try.");
  open(services, streams, request, response);
  const tail = new LogTail(services, response, instanceId, tryNumber, after);
  const topic: Topic = { kind: "log", instanceId, tryNumber };
  // forward() never rejects: when the database is away it ends the response.
  const stop = services.watchers.watch(topic, "", () => void tail.forward());
  response.on("close", stop);
  await tail.forward();
}

/** Sends the chunks of one try as they come, and ends only when the try is over and all of them were sent. */
class LogTail {
  readonly #services: WebServices;
  readonly #response: Response;
  readonly #instanceId: number;
  readonly #tryNumber: number;
  #sent: number;
  #forwarding = false;
  #again = false;

  constructor(
    services: WebServices,
    response: Response,
    instanceId: number,
    tryNumber: number,
    after: number,
  ) {
    this.#services = services;
    this.#response = response;
    this.#instanceId = instanceId;
    this.#tryNumber = tryNumber;
    this.#sent = after;
  }

  /** One at a time, or chunks would be sent twice; news that comes meanwhile is looked at afterwards. */
  async forward(): Promise<void> {
    this.#again = true;
    if (this.#forwarding) return;
    this.#forwarding = true;
    try {
      while (this.#again && !this.#response.writableEnded) {
        this.#again = false;
        await this.#sendNew();
      }
    } catch {
      // The database is away: the client reconnects from the last chunk that it has.
      this.#response.end();
    } finally {
      this.#forwarding = false;
    }
  }

  /** Whether the try is over is asked first: chunks are stored before a try ends, so then these are all. */
  async #sendNew(): Promise<void> {
    const { reader, mask } = this.#services;
    const isOver = await isTryOver(reader, this.#instanceId, this.#tryNumber);
    for (;;) {
      const chunks = await chunksAfter(reader, this.#instanceId, this.#tryNumber, this.#sent);
      if (chunks.length === 0 || this.#response.destroyed) break;
      for (const { seq, lines } of chunks) {
        send(this.#response, "lines", String(seq), parseLines(lines, mask));
        this.#sent = seq;
      }
      await drained(this.#response);
    }
    if (isOver === false) return;
    send(this.#response, "end", String(this.#sent), {});
    this.#response.end();
  }
}

/** Begins a stream: headers now, a comment every 15 s so that no proxy takes it for dead, an end when the session ends. */
function open(
  services: WebServices,
  streams: OpenStreams,
  request: Request,
  response: Response,
): void {
  response.set({
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
  });
  response.flushHeaders();
  response.write("retry: 2000\n\n");
  streams.add(response);
  const session = sessionOf(request.headers.cookie);
  const beat = setInterval(() => {
    const isGone =
      session !== undefined && services.sessions.areRequired && !services.sessions.isValid(session);
    if (isGone) response.end();
    else response.write(": still here\n\n");
  }, HEARTBEAT_MS);
  response.on("close", () => clearInterval(beat));
}

function send(response: Response, event: string, id: string, data: unknown): void {
  if (!response.writableEnded)
    response.write(`event: ${event}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`);
}

/** A slow reader must not fill our memory with what it has not read yet. */
async function drained(response: Response): Promise<void> {
  if (!response.writableNeedDrain || response.destroyed) return;
  await new Promise<void>((resolve) => {
    response.once("drain", resolve);
    response.once("close", resolve);
  });
}
