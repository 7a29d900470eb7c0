/** A pgbouncer that is installed on this machine, started before a server. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, chownSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serverUser } from "../../runtime/embedded/binaries.ts";
import { assertReachable } from "../../runtime/store/database/probe.ts";
import type { Counterpart } from "./counterpart.ts";
import { freePort } from "./free_port.ts";
import { until } from "./until.ts";

const DEBIAN = "/usr/sbin/pgbouncer";

/** Its program. */
export function findPgbouncer(): Counterpart<string> {
  try {
    accessSync(DEBIAN);
    return { found: DEBIAN };
  } catch {
    return { missing: `no ${DEBIAN}; install Debian's package pgbouncer` };
  }
}

export interface Pgbouncer {
  /** The server's address, through pgbouncer. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts one with the settings that its package gives it, apart from these.
 * @param more lines of its settings; the last line of a setting holds
 */
export async function startPgbouncer(
  program: string,
  serverUrl: string,
  poolMode: "session" | "transaction",
  more: readonly string[] = [],
): Promise<Pgbouncer> {
  const folder = await mkdtemp(join(tmpdir(), "dagsmith-pgbouncer-"));
  const server = new URL(serverUrl);
  const port = await freePort();
  const users = join(folder, "users.txt");
  const settings = join(folder, "pgbouncer.ini");
  await writeFile(users, `"${server.username}" "${server.password}"\n`);
  await writeFile(
    settings,
    `[databases]
* = host=${server.hostname} port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${users}
pool_mode = ${poolMode}
default_pool_size = 60
${more.join("\n")}
`,
  );
  // It refuses to run as root.
  const user = await serverUser();
  await chmod(folder, 0o755);
  for (const path of [users, settings])
    if (user.uid !== undefined && user.gid !== undefined) chownSync(path, user.uid, user.gid);
  const child = spawn(program, ["-q", settings], { ...user, stdio: "ignore" });
  const url = new URL(serverUrl);
  url.port = String(port);
  await until("pgbouncer to answer", () =>
    assertReachable(url.href).then(
      () => true,
      () => false,
    ),
  );
  return {
    url: url.href,
    stop: async () => {
      const ended = once(child, "exit");
      child.kill("SIGINT");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
