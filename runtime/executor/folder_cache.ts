/**
 * Folders of versions on this worker's disk. Each is unpacked once and can only be read.
 * A task can write wherever its worker can, so a folder is compared with its hash each
 * time before a task gets it; a changed folder is unpacked again in another place.
 */
import { randomBytes } from "node:crypto";
import { chmod, mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DagsmithError } from "../../sdk/errors.ts";
import { hasHash, unpackFolder } from "../bundler/pack_folder.ts";
import { getFolder } from "../store/dags/folder.ts";
import type { Database } from "../store/database/database.ts";

/** Folders that a killed worker left are removed when they were not used for so long. */
const UNUSED_MS = 30 * 86_400_000;
/** The file that is written with each use. */
const USED = "used";

export class FolderCache {
  readonly #db: Database;
  readonly #home: string;
  readonly #own: string;
  /** The place of each folder, by its hash. */
  readonly #places = new Map<string, Promise<string>>();

  /** @param owner the name of this worker, which no other worker has */
  constructor(db: Database, cacheFolder: string, owner: string) {
    this.#db = db;
    this.#home = join(cacheFolder, "folders");
    this.#own = join(this.#home, owner);
  }

  /**
   * The place of a folder.
   * @throws DagsmithError FOLDER_MISSING, FOLDER_CORRUPT
   */
  async path(hash: string): Promise<string> {
    const known = this.#places.get(hash);
    const present = await known?.catch(() => undefined);
    if (present !== undefined && (await hasHash(present, hash))) return this.#used(present);
    // Another try may have unpacked it again in the meantime.
    const latest = this.#places.get(hash);
    if (latest !== undefined && latest !== known) return latest;
    const unpacked = this.#unpack(hash);
    this.#places.set(hash, unpacked);
    return unpacked;
  }

  /** Removes the folders of this worker. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#places.values());
    if (this.#places.size > 0) await removeTree(this.#own);
  }

  async #unpack(hash: string): Promise<string> {
    if (this.#places.size === 0) await this.#removeUnused();
    const archive = await getFolder(this.#db, hash);
    if (!archive) throw new DagsmithError("FOLDER_MISSING", { hash });
    const place = join(this.#own, `${hash.slice(0, 16)}-${randomBytes(4).toString("hex")}`);
    if (await unpackFolder(place, archive, hash)) return place;
    throw new DagsmithError("FOLDER_CORRUPT", { hash });
  }

  async #used(place: string): Promise<string> {
    await writeFile(join(this.#own, USED), "");
    return place;
  }

  /** Removes folders of workers that were killed. Time is that of the file system. */
  async #removeUnused(): Promise<void> {
    await mkdir(this.#own, { recursive: true });
    await this.#used(this.#own);
    const now = await usedAt(this.#own);
    for (const name of await readdir(this.#home)) {
      const path = join(this.#home, name);
      if ((await usedAt(path)) < now - UNUSED_MS) await removeTree(path);
    }
  }
}

/** Milliseconds; a folder that is not marked yet has just been made. */
async function usedAt(folder: string): Promise<number> {
  const found = await stat(join(folder, USED)).catch(() => undefined);
  return found?.mtimeMs ?? Number.POSITIVE_INFINITY;
}

/** Removes a tree whose folders can only be read. */
async function removeTree(path: string): Promise<void> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries)
    if (entry.isDirectory()) await chmod(join(entry.parentPath, entry.name), 0o755);
  await rm(path, { recursive: true, force: true });
}
