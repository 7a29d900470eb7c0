/**
 * Stores the files of tasks. The row is claimed first and completed last, so that a file
 * that a death cut short is never read, and is removed later.
 */
import { createHash, randomUUID } from "node:crypto";
import { errorMessage } from "../../../sdk/error_message.ts";
import { DagsmithError, isDagsmithError } from "../../../sdk/errors.ts";
import type { FileRef } from "../../../sdk/files/task_files.ts";
import type { XComFolder } from "../../config/xcom_folder.ts";
import { largeValuesIn } from "../../large_values/open.ts";
import { readParts } from "../../large_values/read_parts.ts";
import type { LargeValues } from "../../large_values/store.ts";
import type { Database } from "../../store/database/database.ts";
import {
  claimTaskFile,
  deleteTaskFile,
  type FileHolder,
  findTaskFile,
  forgetTaskFiles,
  keepTaskFile,
  releaseTaskFile,
  unkeptTaskFiles,
} from "../../store/values/task_file.ts";
import { INTERRUPTIONS } from "../try_outcome.ts";

/** Most bytes of one file, and of all files of a run. */
export interface FileLimits {
  readonly fileBytes: number;
  readonly runBytes: number;
}

/** The try that files belong to. */
export type FileOwner = FileHolder & { readonly runId: number };

/** Objects that one pass removes together. */
const SWEPT = 100;

export class FileStore {
  readonly #db: Database;
  readonly #values: LargeValues | undefined;
  readonly #limits: FileLimits;

  /** @param folder the store of large values; undefined: files cannot be stored */
  constructor(db: Database, folder: XComFolder | undefined, limits: FileLimits) {
    this.#db = db;
    this.#values = folder === undefined ? undefined : largeValuesIn(folder);
    this.#limits = limits;
  }

  /** @throws DagsmithError FILES_NOT_SET, FILE_TOO_LARGE, FILE_UNWRITABLE */
  async put(
    file: Pick<FileRef, "name" | "contentType">,
    bytes: AsyncIterable<Uint8Array>,
    owner: FileOwner,
  ): Promise<FileRef> {
    const values = this.#opened();
    const object = randomUUID();
    const runBytes = await claimTaskFile(this.#db, object, file, owner);
    if (runBytes === undefined) throw notStored();
    try {
      const measured = new Measured(file.name, this.#limits, runBytes);
      await values.writeStream(object, measured.read(bytes));
      return await this.#keep(object, { ...file, ...measured.result() }, owner);
    } catch (error) {
      // A database that is away costs only time: the claim grows old.
      await releaseTaskFile(this.#db, object).catch(() => undefined);
      throw isDagsmithError(error) ? error : unwritable(file.name, values, error);
    }
  }

  /** @throws DagsmithError FILES_NOT_SET, FILE_GONE */
  async readOf(runId: number, file: FileRef): Promise<AsyncIterable<Uint8Array>> {
    const values = this.#opened();
    const object = await findTaskFile(this.#db, runId, file);
    if (object === undefined)
      throw new DagsmithError("FILE_GONE", { name: file.name, reason: "it was deleted" });
    return readParts(values, object, file);
  }

  async delete(file: FileRef, owner: FileOwner): Promise<void> {
    await deleteTaskFile(this.#db, file, owner);
  }

  /**
   * Removes objects that no task needs.
   * @returns how many
   * @throws Error when one could not be removed; the others are removed
   */
  async sweep(): Promise<number> {
    const values = this.#values;
    if (!values) return 0;
    const unkept = await unkeptTaskFiles(this.#db, SWEPT);
    const removals = await Promise.allSettled(
      unkept.map(({ object, isWhole }) =>
        isWhole ? values.remove(object) : values.abandon(object),
      ),
    );
    const gone = unkept.filter((_, index) => removals[index]?.status === "fulfilled");
    if (gone.length > 0)
      await forgetTaskFiles(
        this.#db,
        gone.map(({ object }) => object),
      );
    for (const removal of removals) if (removal.status === "rejected") throw removal.reason;
    return unkept.length;
  }

  /** Ends running operations. Idempotent. */
  close(): void {
    this.#values?.close();
  }

  async #keep(object: string, file: FileRef, owner: FileOwner): Promise<FileRef> {
    await this.#db.transaction(async (tx) => {
      const runBytes = await keepTaskFile(tx, object, file, owner);
      if (runBytes === undefined) throw notStored();
      // Others may have been stored since this one was claimed.
      refuseBeyond(file.name, this.#limits, { size: 0, runBytes });
    });
    return file;
  }

  #opened(): LargeValues {
    if (this.#values) return this.#values;
    throw new DagsmithError("FILES_NOT_SET", {});
  }
}

/** Counts and hashes bytes that pass, up to the limits. */
class Measured {
  readonly #name: string;
  readonly #limits: FileLimits;
  readonly #runBytes: number;
  readonly #hash = createHash("sha256");
  #size = 0;

  constructor(name: string, limits: FileLimits, runBytes: number) {
    this.#name = name;
    this.#limits = limits;
    this.#runBytes = runBytes;
  }

  async *read(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of bytes) {
      this.#size += chunk.length;
      this.#refuse();
      this.#hash.update(chunk);
      yield chunk;
    }
  }

  result(): Pick<FileRef, "size" | "sha256"> {
    return { size: this.#size, sha256: this.#hash.digest("hex") };
  }

  #refuse(): void {
    const runBytes = this.#runBytes + this.#size;
    refuseBeyond(this.#name, this.#limits, { size: this.#size, runBytes });
  }
}

/** @throws DagsmithError FILE_TOO_LARGE */
function refuseBeyond(
  name: string,
  { fileBytes, runBytes }: FileLimits,
  stored: { readonly size: number; readonly runBytes: number },
): void {
  if (stored.size > fileBytes)
    throw new DagsmithError("FILE_TOO_LARGE", {
      ...{ name, what: "a file", limit: fileBytes, setting: "DAG_FILE_MAX_BYTES" },
    });
  if (stored.runBytes > runBytes)
    throw new DagsmithError("FILE_TOO_LARGE", {
      ...{ name, what: "all files of a run", limit: runBytes, setting: "DAG_RUN_FILES_MAX_BYTES" },
    });
}

function notStored(): Error {
  return new Error(`the file was not stored: ${INTERRUPTIONS.taken}`);
}

function unwritable(name: string, { place }: LargeValues, cause: unknown): DagsmithError {
  const params = { name, folder: place, reason: errorMessage(cause) };
  return new DagsmithError("FILE_UNWRITABLE", params, { cause });
}
