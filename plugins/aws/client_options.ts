/** The options of every client of the AWS SDK, from a connection. */
import { readFileSync } from "node:fs";
import { Agent, type AgentOptions } from "node:http";
import { Agent as TlsAgent } from "node:https";
import { errorMessage, FailTask } from "dagsmith";
import { roleCredentials } from "./assumed_role.ts";
import type { ServiceConfig } from "./config.ts";

const MAX_ATTEMPTS = 5;
const CONNECTION_TIMEOUT_MS = 10_000;
/** A server that holds a connection open and says nothing for this long has failed. */
const IDLE_TIMEOUT_MS = 120_000;

/** @throws FailTask when the CA bundle cannot be read, or this Node has no proxies */
export function clientOptions(options: ServiceConfig) {
  const { verify: _verify, proxyUrl: _proxyUrl, assumedRole, ...config } = options;
  const { endpoint: _, ...login } = config;
  const sent = () => ({ maxAttempts: MAX_ATTEMPTS, requestHandler: handlerOf(options) });
  return {
    ...config,
    ...sent(),
    // Closing a client closes its agents: that of STS has its own.
    ...(assumedRole && {
      credentials: roleCredentials(assumedRole, () => ({ ...login, ...sent() })),
    }),
  };
}

function handlerOf({ verify, proxyUrl }: ServiceConfig) {
  return {
    ...{ connectionTimeout: CONNECTION_TIMEOUT_MS, socketTimeout: IDLE_TIMEOUT_MS },
    ...((verify || proxyUrl) && agentsOf(verify, proxyUrl)),
  };
}

function agentsOf(verify: string | undefined, proxyUrl: string | undefined) {
  const ca = verify === undefined ? {} : { ca: bundleOf(verify) };
  const proxied = { keepAlive: true, ...(proxyUrl && proxyOptions(proxyUrl)) };
  return { httpAgent: new Agent(proxied), httpsAgent: new TlsAgent({ ...proxied, ...ca }) };
}

function bundleOf(verify: string): string {
  if (verify.includes("-----BEGIN")) return verify;
  try {
    return readFileSync(verify, "utf8");
  } catch (cause) {
    throw new FailTask(`The CA bundle in verify cannot be read: ${errorMessage(cause)}`, { cause });
  }
}

/** An older Node would ignore the option, and send the requests past the proxy. */
function proxyOptions(url: string): AgentOptions {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < 22 || (major === 22 && minor < 21) || major === 23 || (major === 24 && minor < 5))
    throw new FailTask(
      `A connection with proxy_url needs Node 22.21, 24.5 or later; this is ${process.version}`,
    );
  return { proxyEnv: { HTTP_PROXY: url, HTTPS_PROXY: url } };
}
