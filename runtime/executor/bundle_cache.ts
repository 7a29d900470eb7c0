/**
 * Bundles on this worker's disk, by the hash of their code. A task can write wherever its
 * worker can, so nothing on the disk is believed: each reading is compared with what the
 * database sent, and the code is handed to task processes instead of a path.
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DagsmithError } from "../../sdk/errors.ts";
import { loadableCode } from "../bundler/write.ts";
import { getBundle } from "../store/dags/dag_version.ts";
import type { Database } from "../store/database/database.ts";
import { BUNDLE_LIMITS, type BundleLimits, markUsed, removeBundles } from "./bundle_eviction.ts";

/** Far shorter than the hour in which a used bundle is in use. */
const MARK_EVERY_MS = 600_000;

/** A bundle as a process loads it. */
export interface LoadableBundle {
  /** The address under which stacks name it. No process reads a file there. */
  readonly path: string;
  /** With the source map inside. */
  readonly code: string;
}

export class BundleCache {
  readonly #db: Database;
  readonly #folder: string;
  /** By the hash of a bundle: the hash of its file, as this process wrote it. */
  readonly #written = new Map<string, string>();
  /** When each bundle was marked as used, by the monotonic clock. */
  readonly #marked = new Map<string, number>();
  readonly #limits: BundleLimits;

  constructor(db: Database, folder: string, limits: BundleLimits = BUNDLE_LIMITS) {
    this.#db = db;
    this.#folder = folder;
    this.#limits = limits;
  }

  /** @throws DagsmithError BUNDLE_MISSING, BUNDLE_CORRUPT */
  async read(hash: string): Promise<LoadableBundle> {
    const path = join(this.#folder, hash, "bundle.mjs");
    const code = (await this.#present(hash, path)) ?? (await this.#fetch(hash, path));
    return { path, code: code.toString() };
  }

  /** The file, unless it is not the one that was written here. */
  async #present(hash: string, path: string): Promise<Buffer | undefined> {
    const written = this.#written.get(hash);
    const present = written && (await readFile(path).catch(() => undefined));
    if (!present || hashOf(present) !== written) return undefined;
    await this.#use(hash).catch(() => undefined);
    return present;
  }

  /** Marks a bundle as used, and not for each of thousands of tries. */
  async #use(hash: string): Promise<void> {
    const now = performance.now();
    if (now - (this.#marked.get(hash) ?? Number.NEGATIVE_INFINITY) < MARK_EVERY_MS) return;
    this.#marked.set(hash, now);
    await markUsed(this.#folder, hash);
  }

  async #fetch(hash: string, path: string): Promise<Buffer> {
    const bundle = await getBundle(this.#db, hash);
    if (!bundle) throw new DagsmithError("BUNDLE_MISSING", { hash });
    if (hashOf(bundle.code) !== hash) throw new DagsmithError("BUNDLE_CORRUPT", { hash });
    const code = loadableCode(bundle);
    // A full or failing disk costs only the next fetch.
    await this.#store(hash, path, code).catch(() => undefined);
    return code;
  }

  /** Only a new bundle makes the folder larger, so the limits are checked here. */
  async #store(hash: string, path: string, code: Buffer): Promise<void> {
    await this.#write(hash, path, code);
    this.#marked.delete(hash);
    await this.#use(hash);
    await removeBundles(this.#folder, hash, this.#limits);
  }

  async #write(hash: string, path: string, code: Buffer): Promise<void> {
    await mkdir(join(path, ".."), { recursive: true, mode: 0o700 });
    // The file gets its name only when it is complete: another process may read it at any
    // moment. On a shared disk two processes may have the same pid.
    const unfinished = `${path}.${randomBytes(6).toString("hex")}`;
    await writeFile(unfinished, code, { mode: 0o600 });
    await rename(unfinished, path);
    this.#written.set(hash, hashOf(code));
  }
}

function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
