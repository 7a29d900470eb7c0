/**
 * A disk that a test fills: a tmpfs in a mount namespace of its own, which one PostgreSQL
 * sees. Writes then fail as on any full disk (ENOSPC, which PostgreSQL reports as 53100).
 * No right is needed, and nothing is left behind: the disk ends with its process.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Client } from "pg";
import { binaries, type ServerUser, serverUser } from "../../runtime/embedded/binaries.ts";
import type { Counterpart } from "./counterpart.ts";

export interface SmallDisk {
  /** The folder of an `initdb` and a `postgres` that sees the disk. */
  readonly bin: string;
  /** Where the disk is, for `create tablespace`. */
  readonly folder: string;
  /** From here on no file on it grows. */
  fill(): Promise<void>;
  free(): Promise<void>;
  /** Stop its server first. */
  close(): Promise<void>;
}

const SIZE = "2g";

// Holds the disk until its input ends. A size below what is used is refused, and a server
// may write meanwhile.
const HOLDER = `
mount -t tmpfs -o size=${SIZE} none "$1" || exit 1
echo ready
while read -r word; do
  case $word in
    fill) until mount -o remount,size="$(df -k --output=used "$1" | tail -n 1 | tr -d ' ')k" "$1" 2>/dev/null; do :; done ;;
    free) mount -o remount,size=${SIZE} "$1" ;;
  esac
  echo ready
done`;

/** Makes a database whose tables and indexes lie on the disk. @returns its address */
export async function databaseOn(disk: SmallDisk, serverUrl: string): Promise<string> {
  const client = new Client({ connectionString: serverUrl });
  await client.connect();
  try {
    await client.query(`create tablespace small location '${disk.folder}'`);
    await client.query("create database on_small_disk tablespace small");
  } finally {
    await client.end();
  }
  const url = new URL(serverUrl);
  url.pathname = "/on_small_disk";
  return url.href;
}

/** @param folder an empty folder for what belongs to the disk */
export async function smallDisk(folder: string): Promise<Counterpart<SmallDisk>> {
  if (process.platform !== "linux") return { missing: "only Linux has mount namespaces" };
  const user = await serverUser();
  const disk = join(folder, "disk");
  await mkdir(disk, { recursive: true });
  await ownedBy(user, disk);
  const holder = spawn("unshare", [...NAMESPACES, "sh", "-c", HOLDER, "sh", disk], {
    ...user,
    stdio: ["pipe", "pipe", "pipe"],
  });
  const lines = createInterface({ input: holder.stdout })[Symbol.asyncIterator]();
  const refusal = refusalOf(holder);
  const tell = async (word: string): Promise<void> => {
    holder.stdin.write(`${word}\n`);
    await lines.next();
  };
  const { done } = await lines.next();
  if (done) return { missing: `this system makes no mount namespace: ${await refusal}` };
  return {
    found: {
      bin: await binFolder(join(folder, "bin"), user, holder.pid ?? 0),
      folder: disk,
      fill: () => tell("fill"),
      free: () => tell("free"),
      close: async () => {
        const ended = once(holder, "exit");
        holder.stdin.end();
        await ended;
      },
    },
  };
}

/** The user keeps its name inside, because PostgreSQL refuses to run as root. */
const NAMESPACES = ["--map-current-user", "--mount", "--keep-caps"];

/** Why the holder ended; resolves when it has. */
async function refusalOf(holder: ReturnType<typeof spawn>): Promise<string> {
  let text = "";
  holder.stderr?.on("data", (piece: Buffer) => {
    text += piece.toString();
  });
  const failed = once(holder, "error").then(([error]) => String(error));
  return Promise.race([failed, once(holder, "close").then(() => text.trim())]);
}

/** The server enters the namespace of the disk before it starts. */
async function binFolder(folder: string, user: ServerUser, holder: number): Promise<string> {
  const { initdb, postgres } = await binaries(user);
  await mkdir(folder);
  await symlink(initdb, join(folder, "initdb"));
  const script = join(folder, "postgres");
  const enter = `nsenter --preserve-credentials --user --mount --target ${holder}`;
  await writeFile(script, `#!/bin/sh\nexec ${enter} -- '${postgres}' "$@"\n`);
  await chmod(script, 0o755);
  return folder;
}

async function ownedBy({ uid, gid }: ServerUser, folder: string): Promise<void> {
  if (uid !== undefined && gid !== undefined) await chown(folder, uid, gid);
}
