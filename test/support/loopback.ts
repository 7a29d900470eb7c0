/**
 * A real HTTP server on loopback for tests of clients: answers as the test says,
 * remembers what it was asked.
 */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export interface ReceivedRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Loopback extends AsyncDisposable {
  readonly url: string;
  /** In the order of arrival. */
  readonly requests: readonly ReceivedRequest[];
}

/**
 * @param answer called with the request, the response, and the number of this request,
 *   counted from 1
 */
export async function loopback(
  answer: (request: ReceivedRequest, response: ServerResponse, count: number) => void,
): Promise<Loopback> {
  const requests: ReceivedRequest[] = [];
  const server = createServer(async (request, response) => {
    // A client that breaks off gets no answer.
    const body = await text(request).catch(() => undefined);
    if (body === undefined) return;
    const received = {
      method: request.method!,
      url: new URL(request.url!, "http://loopback"),
      headers: request.headers,
      body,
    };
    answer(received, response, requests.push(received));
  });
  const listening = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", listening.resolve);
  await listening.promise;
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      server.closeAllConnections();
      await closed.promise;
    },
  };
}

/** Answers with JSON. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response
    .writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers })
    .end(JSON.stringify(body));
}

/** Announces the whole body, sends half of it and hangs up. */
export function sendCut(
  response: ServerResponse,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  const text = JSON.stringify(body);
  response.writeHead(200, {
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(text)),
    ...headers,
  });
  response.write(text.slice(0, text.length / 2), () => response.destroy());
}

/**
 * Sends half of a body that announces no length, then closes the connection in good
 * order, as if that were all.
 */
export function sendCutUnannounced(
  response: ServerResponse,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  const text = JSON.stringify(body);
  // HTTP/1.0 framing: the end of the connection is the end of the body.
  const lines = ["HTTP/1.1 200 OK", "content-type: application/json", "connection: close"];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  response.socket?.end(`${lines.join("\r\n")}\r\n\r\n${text.slice(0, text.length / 2)}`);
}
