/** Receives what a program posts over HTTP, as a collector does, and notes it. */
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

interface Posted {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** What it was answered; `null`: nothing. */
  readonly status: number | null;
}

export interface Collector {
  readonly url: string;
  /** Everything that was posted. */
  readonly posted: readonly Posted[];
  /** Its answer to each request; `null`: none, but to /echo. Default 200. */
  status: number | null;
  close(): Promise<void>;
}

export async function startCollector(): Promise<Collector> {
  const posted: Posted[] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const { status } = collector;
    posted.push({ path: request.url ?? "", headers: request.headers, body, status });
    if (status === null && !request.url?.startsWith("/echo")) return;
    response.writeHead(status ?? 200, { "content-type": "application/json" }).end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const collector: Collector = {
    ...{ url: `http://127.0.0.1:${port}`, posted, status: 200 },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return collector;
}
