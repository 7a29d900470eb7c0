/** OpenSSH's server, which lets the user of the tests in by a key. */
import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Counterpart } from "./counterpart.ts";
import { freePort } from "./free_port.ts";
import { until } from "./until.ts";

const run = promisify(execFile);
const PROGRAM = "/usr/sbin/sshd";
/** Where sshd puts itself before a login; only root has to. */
const EMPTY_FOLDER = "/run/sshd";

export interface Sshd {
  readonly port: number;
  readonly user: string;
  /** A line with the public key of the server. */
  readonly hostKey: string;
  /** The text of a private key that it takes. */
  readonly privateKey: string;
  /** The text of one that it does not take. */
  readonly strangerKey: string;
  /** Ends the server and all its connections. */
  stop(): Promise<void>;
}

export function findSshd(): Counterpart<string> {
  if (existsSync(PROGRAM)) return { found: PROGRAM };
  return { missing: `no ${PROGRAM}; run .ci/install-counterparts as root` };
}

/** @param subsystem the program of SFTP; none when it is empty */
export async function startSshd(subsystem = "internal-sftp"): Promise<Sshd> {
  if (process.getuid?.() === 0) await mkdir(EMPTY_FOLDER, { recursive: true });
  const folder = await mkdtemp(join(tmpdir(), "dagsmith-sshd-"));
  for (const key of ["host", "user", "stranger"])
    await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(folder, key)]);
  const port = await freePort();
  await writeFile(join(folder, "config"), configuration(folder, port, subsystem));
  const server = spawn(PROGRAM, ["-D", "-e", "-f", join(folder, "config")], {
    ...{ stdio: "ignore", detached: true },
  });
  const exited = new Promise((resolve) => server.once("exit", resolve));
  await until("the start of sshd", () => listens(port));
  return {
    ...{ port, user: userInfo().username },
    hostKey: await readFile(join(folder, "host.pub"), "utf8"),
    privateKey: await readFile(join(folder, "user"), "utf8"),
    strangerKey: await readFile(join(folder, "stranger"), "utf8"),
    stop: async () => {
      process.kill(-(server.pid as number), "SIGKILL");
      await exited;
      await rm(folder, { recursive: true });
    },
  };
}

const configuration = (folder: string, port: number, subsystem: string): string =>
  [
    ...[`Port ${port}`, "ListenAddress 127.0.0.1", `HostKey ${join(folder, "host")}`],
    ...[`AuthorizedKeysFile ${join(folder, "user.pub")}`, "PidFile none", "StrictModes no"],
    ...["UsePAM no", "PermitRootLogin yes", "PasswordAuthentication yes", "MaxSessions 50"],
    ...(subsystem === "" ? [] : [`Subsystem sftp ${subsystem}`]),
  ].join("\n");

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
