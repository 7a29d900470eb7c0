/**
 * Bundles on this worker's disk, by the hash of their code: fetched from the database
 * once, checked, and kept.
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DagsmithError } from "../../sdk/errors.ts";
import { getBundle } from "../store/dags/dag_version.ts";
import type { Database } from "../store/database/database.ts";

export class BundleCache {
  readonly #db: Database;
  readonly #folder: string;
  readonly #ready = new Map<string, Promise<string>>();

  constructor(db: Database, folder: string) {
    this.#db = db;
    this.#folder = folder;
  }

  /**
   * The path of a bundle on this disk.
   * @throws DagsmithError BUNDLE_MISSING, BUNDLE_CORRUPT
   */
  path(hash: string): Promise<string> {
    const known = this.#ready.get(hash);
    if (known) return known;
    const path = this.#fetch(hash);
    this.#ready.set(hash, path);
    // A failed fetch must not be remembered: the next try may find the bundle.
    path.catch(() => this.#ready.delete(hash));
    return path;
  }

  async #fetch(hash: string): Promise<string> {
    const folder = join(this.#folder, hash);
    const path = join(folder, "bundle.mjs");
    const present = await readFile(path).catch(() => undefined);
    // A full or failing disk can return other bytes than were written.
    if (present && hashOf(present) === hash) return path;
    const bundle = await getBundle(this.#db, hash);
    if (!bundle) throw new DagsmithError("BUNDLE_MISSING", { hash });
    if (hashOf(bundle.code) !== hash) throw new DagsmithError("BUNDLE_CORRUPT", { hash });
    await mkdir(folder, { recursive: true });
    await writeFile(`${path}.map`, bundle.sourceMap);
    // The file gets its name only when it is complete: another process may read it at any
    // moment. On a shared disk two processes may have the same pid.
    const unfinished = `${path}.${randomBytes(6).toString("hex")}`;
    await writeFile(unfinished, bundle.code);
    await rename(unfinished, path);
    return path;
  }
}

function hashOf(code: Uint8Array): string {
  return createHash("sha256").update(code).digest("hex");
}
