/**
 * An S3 in memory, for tests and for trying a pipeline without a cloud: the real AWS SDK
 * talks to it over HTTP. It checks no signatures and stores nothing on disk. Faults can
 * be switched on while it runs.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { unframe } from "./aws_chunked.ts";
import { answer, refusal, type S3Request, type S3Response } from "./s3_operations.ts";
import { S3Store } from "./s3_store.ts";

/** The faults from the next request on. Empty: none. */
export interface S3Faults {
  /** Every n-th request gets 503 SlowDown. */
  slowDownEvery?: number;
  /**
   * GET bodies break off after this many bytes, although their Content-Length promises
   * all of them.
   */
  truncateAfter?: number;
  /**
   * This many uploads break off after so many bytes: the connection ends without an
   * answer. Counts down.
   */
  cutUploads?: { readonly afterBytes: number; times: number };
  /**
   * GET bodies stop after `afterBytes` until `until` settles. `reached` is called when
   * the first body stops.
   */
  hold?: {
    readonly afterBytes: number;
    readonly until: Promise<void>;
    readonly reached?: () => void;
  };
}

export interface SandboxS3 {
  /** The endpoint, path style: `http://127.0.0.1:<port>`. */
  readonly url: string;
  /** May be changed at any time. */
  readonly faults: S3Faults;
  /** The number of requests so far, by method. */
  readonly requests: ReadonlyMap<string, number>;
  /** Ends open connections too. May be called again. */
  close(): Promise<void>;
}

/**
 * Starts the server on 127.0.0.1.
 * @param options.port default 0: any free port
 * @param options.buckets buckets that exist from the start; clients create others, as in
 *   S3
 */
export async function startSandboxS3(
  options: { readonly port?: number; readonly buckets?: readonly string[] } = {},
): Promise<SandboxS3> {
  const store = new S3Store();
  for (const bucket of options.buckets ?? []) store.createBucket(bucket);
  const faults: S3Faults = {};
  const requests = new Map<string, number>();
  let count = 0;
  const server = createServer((incoming, outgoing) => {
    requests.set(String(incoming.method), (requests.get(String(incoming.method)) ?? 0) + 1);
    count++;
    const slowDown = faults.slowDownEvery !== undefined && count % faults.slowDownEvery === 0;
    serve(store, faults, slowDown, incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    faults,
    requests,
    close: async () => {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

async function serve(
  store: S3Store,
  faults: S3Faults,
  slowDown: boolean,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const request = await read(incoming, faults.cutUploads);
  const response = slowDown
    ? refusal(503, "SlowDown", "Please reduce your request rate.")
    : answer(store, request);
  const body = Buffer.from(response.body ?? "");
  outgoing.writeHead(response.status, {
    ...response.headers,
    "content-length": body.length,
    "x-amz-request-id": "sandbox",
  });
  if (request.method === "HEAD") outgoing.end();
  else await send(outgoing, body, isObjectBody(request, response) ? faults : {});
}

async function read(incoming: IncomingMessage, cut: S3Faults["cutUploads"]): Promise<S3Request> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming) {
    bytes += (chunk as Buffer).length;
    if (incoming.method === "PUT" && cut && cut.times > 0 && bytes > cut.afterBytes) {
      cut.times--;
      throw new Error("cut by a fault");
    }
    chunks.push(chunk as Buffer);
  }
  const url = new URL(incoming.url ?? "/", "http://sandbox");
  const [, bucket = "", key = ""] =
    /^\/([^/]*)\/?(.*)$/s.exec(decodeURIComponent(url.pathname)) ?? [];
  const { method = "GET", headers } = incoming;
  return {
    method,
    bucket,
    key,
    query: url.searchParams,
    headers,
    body: unframe(Buffer.concat(chunks), headers),
  };
}

function isObjectBody({ method, key }: S3Request, { status }: S3Response): boolean {
  return method === "GET" && key !== "" && status < 300;
}

async function send(
  outgoing: ServerResponse,
  body: Buffer,
  { truncateAfter, hold }: S3Faults,
): Promise<void> {
  if (truncateAfter !== undefined && truncateAfter < body.length) {
    outgoing.write(body.subarray(0, truncateAfter), () => outgoing.destroy());
  } else if (hold && hold.afterBytes < body.length) {
    outgoing.write(body.subarray(0, hold.afterBytes));
    hold.reached?.();
    await hold.until;
    outgoing.end(body.subarray(hold.afterBytes));
  } else outgoing.end(body);
}
