/**
 * Values that are too large for a row are stored in files. A file is registered in the
 * database before it is written. When it is read, it is checked against the size and hash
 * in the database.
 */
import { createHash, randomUUID } from "node:crypto";
import { errorMessage } from "../../sdk/error_message.ts";
import { DagsmithError } from "../../sdk/errors.ts";
import { type Json, MAX_OUTPUT_BYTES } from "../../sdk/json.ts";
import type { XComFolder } from "../config/xcom_folder.ts";
import { readByEngine } from "../engine/plan/engine_read_outputs.ts";
import type { Plan } from "../engine/plan/plan.ts";
import type { KeptJson } from "../engine/store.ts";
import { largeValuesIn } from "../large_values/open.ts";
import { type LargeValues, MAX_VALUE_BYTES } from "../large_values/store.ts";
import type { Database } from "../store/database/database.ts";
import type { StoredXCom } from "../store/values/xcom.ts";
import { claimXComFile, forgetXComFiles, unkeptXComFiles } from "../store/values/xcom_file.ts";

/** Where large values are stored, and from which size on. */
export interface SpillOptions {
  /** A path, or a folder of a bucket. */
  readonly folder: XComFolder;
  /** Values of more bytes than this are stored there. */
  readonly spillBytes: number;
}

/** Files that one pass removes together. */
const SWEPT = 100;

export class Spill {
  readonly #db: Database;
  readonly #values: LargeValues | undefined;
  readonly #spillBytes: number;

  constructor(db: Database, options: SpillOptions | undefined) {
    this.#db = db;
    this.#values = options && largeValuesIn(options.folder);
    this.#spillBytes = options?.spillBytes ?? Number.POSITIVE_INFINITY;
  }

  /**
   * Most bytes that a value of a task may have. Values that the engine reads stay in the
   * database.
   */
  limitFor(plan: Plan, taskId: string): number {
    return this.#values && !readByEngine(plan).has(taskId) ? MAX_VALUE_BYTES : MAX_OUTPUT_BYTES;
  }

  /**
   * The stored form of a value.
   * @throws DagsmithError XCOM_FILE_UNWRITABLE
   */
  async keep(json: string, limit: number): Promise<KeptJson> {
    const isSmall = json.length * 4 <= this.#spillBytes || limit <= MAX_OUTPUT_BYTES;
    const bytes = isSmall ? undefined : Buffer.from(json);
    if (!this.#values || !bytes || bytes.length <= this.#spillBytes) return { json, file: null };
    const name = randomUUID();
    await claimXComFile(this.#db, { name, bytes: bytes.length, sha256: hashOf(bytes) });
    await this.#write(this.#values, name, bytes);
    return { json: null, file: name };
  }

  async #write(values: LargeValues, name: string, bytes: Uint8Array): Promise<void> {
    try {
      await values.write(name, bytes);
    } catch (error) {
      const params = { bytes: bytes.length, folder: values.place, reason: errorMessage(error) };
      throw new DagsmithError("XCOM_FILE_UNWRITABLE", params, { cause: error });
    }
  }

  /**
   * The value of a stored form.
   * @throws DagsmithError XCOM_FILE_MISSING, XCOM_FILE_UNREADABLE, XCOM_FILE_CORRUPT
   */
  async read({ taskId, value, file }: StoredXCom): Promise<Json> {
    if (!file) return value;
    const missing = (reason: string) =>
      new DagsmithError("XCOM_FILE_MISSING", { task: taskId, file: file.name, reason });
    if (!this.#values) throw missing("is not set on this machine");
    const bytes = await this.#bytesOf(this.#values, taskId, file.name);
    if (!bytes) throw missing(`is ${this.#values.place} on this machine and does not have it`);
    if (hashOf(bytes) !== file.sha256)
      throw new DagsmithError("XCOM_FILE_CORRUPT", { task: taskId, file: file.name });
    return JSON.parse(bytes.toString()) as Json;
  }

  async #bytesOf(values: LargeValues, task: string, file: string): Promise<Buffer | undefined> {
    try {
      return await values.read(file);
    } catch (error) {
      const params = { task, file, folder: values.place, reason: errorMessage(error) };
      throw new DagsmithError("XCOM_FILE_UNREADABLE", params, { cause: error });
    }
  }

  /**
   * Removes files that no value needs any more.
   * @returns how many
   * @throws Error when a file could not be removed; the others are removed
   */
  async sweep(): Promise<number> {
    const values = this.#values;
    if (!values) return 0;
    const names = await unkeptXComFiles(this.#db, SWEPT);
    const removals = await Promise.allSettled(names.map((name) => values.remove(name)));
    const gone = names.filter((_, index) => removals[index]?.status === "fulfilled");
    if (gone.length > 0) await forgetXComFiles(this.#db, gone);
    for (const removal of removals) if (removal.status === "rejected") throw removal.reason;
    return names.length;
  }

  /** Ends running operations. Idempotent. */
  close(): void {
    this.#values?.close();
  }
}

function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
