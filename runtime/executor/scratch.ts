/**
 * Where task processes put temporary files: each gets a folder of its own as TMPDIR, which
 * is removed when the process has ended, however it ended. The folders of a worker that
 * was killed are removed by any later worker on the same machine.
 */
import { execFile } from "node:child_process";
import { chownSync, mkdirSync } from "node:fs";
import { lstat, readdir, rm, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { hasEnded, thisProcess } from "./process_identity.ts";
import type { TaskUser } from "./task_user.ts";

const PREFIX = "dagsmith-tasks-";

/** A process of the group that still ends may write between two steps of a removal. */
const REMOVAL = { recursive: true, force: true, maxRetries: 3 } as const;

/** The temporary folders of one worker. */
export class Scratch {
  readonly #home: string;
  readonly #user: TaskUser | undefined;
  #made = 0;

  /**
   * @param worker the id of the worker: a process may have one worker after the other
   * @param user the user of the task processes; default: that of the worker
   */
  constructor(worker: string, user?: TaskUser) {
    this.#home = join(tmpdir(), `${PREFIX}${thisProcess()}-${worker}`);
    this.#user = user;
  }

  /**
   * Makes the folder of one process, which no other user can enter.
   * @returns undefined when the disk is full or refuses: the process then uses the folder
   *   of the machine, because a worker that cannot start processes would lose its tries
   */
  make(): string | undefined {
    try {
      return this.#make();
    } catch {
      return undefined;
    }
  }

  #make(): string {
    // The user of the tasks passes through, and sees no other process's folder.
    mkdirSync(this.#home, { recursive: true, mode: 0o711 });
    const folder = join(this.#home, String(this.#made++));
    mkdirSync(folder, { mode: 0o700 });
    if (this.#user) chownSync(folder, this.#user.uid, this.#user.gid);
    return folder;
  }

  /** Removes the folder of a process that has ended. What cannot be removed stays. */
  async remove(folder: string | undefined): Promise<void> {
    if (folder !== undefined) await removeFolder(folder).catch(() => undefined);
  }

  /** Removes the folders of workers that ended without doing so. @returns how many */
  async sweep(): Promise<number> {
    const left = (await readdir(tmpdir()).catch(() => [])).filter(isLeft);
    let removed = 0;
    for (const name of left) removed += await removeOwn(join(tmpdir(), name));
    return removed;
  }

  /** Removes all folders of this worker, after its processes have ended. */
  async close(): Promise<void> {
    await removeHome(this.#home).catch(() => undefined);
  }
}

function isLeft(name: string): boolean {
  if (!name.startsWith(PREFIX)) return false;
  const [owner = ""] = name.slice(PREFIX.length).split("-");
  return hasEnded(owner);
}

/** Any user of the machine can make a folder of this name. @returns 1: it was removed */
async function removeOwn(path: string): Promise<number> {
  const found = await lstat(path).catch(() => null);
  if (!found?.isDirectory() || found.uid !== process.getuid?.()) return 0;
  return removeHome(path).then(
    () => 1,
    () => 0,
  );
}

/** Removes all folders of a worker. */
async function removeHome(home: string): Promise<void> {
  const names = await readdir(home).catch(() => []);
  for (const name of names) await removeFolder(join(home, name));
  await rmdir(home);
}

/**
 * The contents go as the user who owns the folder: a process of that user that got away
 * could replace a folder by a link, and make a worker that is root remove other files.
 */
async function removeFolder(folder: string): Promise<void> {
  const found = await lstat(folder).catch(() => null);
  // The end of its process has removed it meanwhile.
  if (!found) return;
  const { uid, gid } = found;
  if (uid === process.getuid?.()) return rm(folder, REMOVAL);
  // rm cannot remove the folder itself as this user, and says so.
  await promisify(execFile)("rm", ["-rf", "--", folder], { uid, gid }).catch(() => undefined);
  await rmdir(folder);
}
