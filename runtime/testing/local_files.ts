/** Files of tasks where there is no worker: in memory, or in a folder. */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { DagsmithError } from "../../sdk/errors.ts";
import type { FileRef } from "../../sdk/files/task_files.ts";
import { contentTypeOf } from "../child/context/content_type.ts";
import type { FileHost } from "../child/context/task_files.ts";

/**
 * A file as a test gives it, and reads it.
 * @example const csv: TestFile = testFile("trips.csv", "id\n1\n");
 */
export interface TestFile {
  /** The reference, as tasks pass it on. */
  readonly ref: FileRef;
  /** The contents. */
  bytes(): Promise<Uint8Array>;
  /** The contents as UTF-8 text. */
  text(): Promise<string>;
}

/**
 * A file that a task of a run stored.
 * @example const [csv]: readonly StoredFile[] = (await runDag(d)).files;
 */
export interface StoredFile extends TestFile {
  /** The task that stored it. */
  readonly taskId: string;
  /** -1 when the task is not mapped. */
  readonly mapIndex: number;
}

/**
 * A file that a test gives to a task: its `ref` among the inputs, itself in `files`.
 * @example
 * const csv = testFile("trips.csv", "id\n1\n");
 * await runTask(taskOf(d, "load"), { inputs: { csv: csv.ref }, files: [csv] });
 */
export function testFile(name: string, content: string | Uint8Array): TestFile {
  const bytes = Buffer.from(content);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const ref = { name, size: bytes.length, sha256, contentType: contentTypeOf(name) };
  return { ref, bytes: async () => bytes, text: async () => bytes.toString() };
}

type Owner = Pick<StoredFile, "taskId" | "mapIndex">;

/** The files of one run. */
export class LocalFiles {
  readonly #given: readonly TestFile[];
  readonly #folder: string | undefined;
  readonly #stored = new Map<string, StoredFile & { readonly path: string | null }>();

  /** @param folder where files are written; undefined: they stay in memory */
  constructor(given: readonly TestFile[] = [], folder?: string) {
    this.#given = given;
    this.#folder = folder;
  }

  /** In the order in which they were stored. */
  get stored(): readonly StoredFile[] {
    return [...this.#stored.values()].map(({ path: _, ...file }) => file);
  }

  hostOf(owner: Owner): FileHost {
    return {
      putFile: (file, bytes) => this.#put(owner, file, bytes),
      readFile: async (file) => this.#read(file),
      deleteFile: (file) => this.#delete(owner, file),
    };
  }

  async #put(
    owner: Owner,
    file: Pick<FileRef, "name" | "contentType">,
    bytes: AsyncIterable<Uint8Array>,
  ): Promise<FileRef> {
    const key = keyOf(owner, file.name);
    const path = this.#folder === undefined ? null : join(this.#folder, key);
    const { content, ...measured } = await written(path, bytes);
    const ref = { ...file, ...measured };
    const text = async (): Promise<string> => Buffer.from(await content()).toString();
    this.#stored.set(key, { ...owner, ref, path, bytes: content, text });
    return ref;
  }

  async *#chunks(file: TestFile & { readonly path?: string | null }): AsyncGenerator<Uint8Array> {
    if (file.path) yield* createReadStream(file.path);
    else yield await file.bytes();
  }

  #read({ name, sha256 }: FileRef): AsyncIterable<Uint8Array> {
    const all: readonly TestFile[] = [...this.#stored.values(), ...this.#given];
    const found = all.find(({ ref }) => ref.sha256 === sha256);
    if (found) return this.#chunks(found);
    throw new DagsmithError("FILE_GONE", { name, reason: "no task of this run stored it" });
  }

  async #delete(owner: Owner, { name }: FileRef): Promise<void> {
    const key = keyOf(owner, name);
    const path = this.#stored.get(key)?.path;
    if (path) await rm(path, { force: true });
    this.#stored.delete(key);
  }
}

/** Also its path in a folder. */
function keyOf({ taskId, mapIndex }: Owner, name: string): string {
  return `${mapIndex < 0 ? taskId : `${taskId}[${mapIndex}]`}/${name}`;
}

interface Written extends Pick<FileRef, "size" | "sha256"> {
  content(): Promise<Uint8Array>;
}

async function written(path: string | null, bytes: AsyncIterable<Uint8Array>): Promise<Written> {
  const hash = createHash("sha256");
  let size = 0;
  const measured = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of bytes) {
      hash.update(chunk);
      size += chunk.length;
      yield chunk;
    }
  };
  const content = await store(path, measured());
  return { size, sha256: hash.digest("hex"), content };
}

async function store(
  path: string | null,
  bytes: AsyncIterable<Uint8Array>,
): Promise<() => Promise<Uint8Array>> {
  if (path === null) {
    const whole = await buffer(bytes as AsyncIterable<never>);
    return async () => whole;
  }
  await mkdir(dirname(path), { recursive: true });
  await pipeline(bytes, createWriteStream(path));
  return () => readFile(path);
}
