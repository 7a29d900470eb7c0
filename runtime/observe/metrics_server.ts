/**
 * The small HTTP server of a service: metrics for Prometheus and two probes. It is apart
 * from the page: it asks for no login, so it listens where only the monitoring system
 * comes in.
 */
import { createServer, type Server, type ServerResponse } from "node:http";
import { DagsmithError } from "../../sdk/errors.ts";
import type { ServiceMetrics } from "./service_metrics.ts";

export interface MetricsServerOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly metrics: ServiceMetrics;
  /** Why the process cannot work now; null when it can. Never rejects. */
  readonly fault: () => Promise<string | null>;
}

export interface MetricsServer {
  readonly url: string;
  /** Idempotent. */
  stop(): Promise<void>;
}

/**
 * Starts the server. `GET /metrics` answers in Prometheus' text format, `GET /healthz`
 * with 200 while the process is up, and `GET /readyz` with 200 when it can work, else
 * with 503.
 * @throws DagsmithError PORT_IN_USE
 */
export async function startMetricsServer(options: MetricsServerOptions): Promise<MetricsServer> {
  const { host, port } = options;
  const server = createServer(
    { requestTimeout: 10_000, headersTimeout: 5_000 },
    (request, response) => {
      if (request.method !== "GET" && request.method !== "HEAD") return refuse(response, 405);
      void answer(request.url ?? "", response, options);
    },
  );
  await listen(server, host, port);
  const address = server.address();
  const taken = typeof address === "object" && address ? address.port : port;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${taken}`,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(
  path: string,
  response: ServerResponse,
  { metrics, fault }: MetricsServerOptions,
): Promise<void> {
  if (path === "/metrics") return sendMetrics(response, metrics);
  if (path === "/healthz") return sendStatus(response, 200, "ok");
  if (path !== "/readyz") return refuse(response, 404);
  const found = await fault();
  sendStatus(response, found === null ? 200 : 503, found ?? "ok");
}

async function sendMetrics(response: ServerResponse, { registry }: ServiceMetrics): Promise<void> {
  const text = await registry.metrics();
  response.writeHead(200, { "content-type": registry.contentType }).end(text);
}

function sendStatus(response: ServerResponse, code: number, status: string): void {
  response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify({ status }));
}

function refuse(response: ServerResponse, code: number): void {
  response.writeHead(code).end();
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        error.code === "EADDRINUSE"
          ? new DagsmithError("PORT_IN_USE", { host, port, setting: "DAG_METRICS_PORT" })
          : error,
      ),
    );
    server.listen(port, host, resolve);
  });
}
