/**
 * Files as a task uses them: checked names, verified contents, copies on this machine.
 */
import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { errorMessage } from "../../../sdk/error_message.ts";
import { DagsmithError } from "../../../sdk/errors.ts";
import {
  type FileRef,
  isFileRef,
  MAX_FILE_NAME,
  type TaskFiles,
} from "../../../sdk/files/task_files.ts";
import type { Json } from "../../../sdk/json.ts";
import { type Once, once } from "../../../sdk/once.ts";
import { contentTypeOf } from "./content_type.ts";
import { bytesOf, verified } from "./file_content.ts";

/** Where files are stored. */
export interface FileHost {
  putFile(
    file: Pick<FileRef, "name" | "contentType">,
    bytes: AsyncIterable<Uint8Array>,
  ): Promise<FileRef>;
  /** @throws DagsmithError FILE_GONE */
  readFile(file: FileRef): Promise<AsyncIterable<Uint8Array>>;
  /** Resolves too when there is no such file. */
  deleteFile(file: FileRef): Promise<void>;
}

/** The files of one try. */
export interface TryFiles {
  readonly files: TaskFiles;
  /** Removes the copies on this machine. */
  close(): Promise<void>;
}

/** More text than this would not fit into the memory of most task processes. */
const MAX_TEXT_BYTES = 256 * 1024 * 1024;

export function tryFiles(host: FileHost): TryFiles {
  const copies = new Copies(host);
  const open = async (file: FileRef) =>
    Readable.from(await verifiedBytes(host, file), { objectMode: false });
  const text = async (file: FileRef) => (await bufferOf(host, file)).toString();
  return {
    files: {
      ...{ open, text },
      put: async (name, content, { contentType = contentTypeOf(name) } = {}) =>
        host.putFile({ name: checkedName(name), contentType }, bytesOf(content)),
      path: (file) => copies.path(checked(file)),
      json: async (file, schema) => jsonOf(file, await text(file), schema),
      delete: (file) => host.deleteFile(checked(file)),
    },
    close: () => copies.remove(),
  };
}

async function verifiedBytes(host: FileHost, file: FileRef): Promise<AsyncGenerator<Uint8Array>> {
  return verified(file, await host.readFile(checked(file)));
}

async function bufferOf(host: FileHost, file: FileRef): Promise<Buffer> {
  if (checked(file).size > MAX_TEXT_BYTES)
    throw wrong("files", `"${file.name}" has ${file.size} bytes; read it with files.open()`);
  return buffer(await verifiedBytes(host, file));
}

async function jsonOf<Value = Json>(
  { name }: FileRef,
  text: string,
  schema: StandardSchemaV1<unknown, Value> | undefined,
): Promise<Value> {
  const invalid = (problems: string) => new DagsmithError("INVALID_FILE", { name, problems });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid(errorMessage(error));
  }
  if (!schema) return value as Value;
  const result = await schema["~standard"].validate(value);
  if (!result.issues) return result.value;
  throw invalid(result.issues.map(({ message }) => message).join("; "));
}

/**
 * Copies of files in a folder of the try, each in a folder of its own to keep its name.
 */
class Copies {
  readonly #host: FileHost;
  readonly #paths = new Map<string, Once<string>>();
  readonly #folder = once(() => mkdtemp(join(tmpdir(), "dagsmith-files-")));

  constructor(host: FileHost) {
    this.#host = host;
  }

  path(file: FileRef): Promise<string> {
    const key = `${file.sha256}/${file.name}`;
    const number = String(this.#paths.size);
    const known = this.#paths.get(key) ?? once(() => this.#copy(file, number));
    this.#paths.set(key, known);
    return known();
  }

  async remove(): Promise<void> {
    await Promise.allSettled([...this.#paths.values()].map((copy) => copy.begun()));
    const folder = await this.#folder.begun();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }

  async #copy(file: FileRef, number: string): Promise<string> {
    const folder = join(await this.#folder(), number);
    // A copy that failed may have made it.
    await mkdir(folder, { recursive: true });
    const path = join(folder, file.name);
    await pipeline(await verifiedBytes(this.#host, file), createWriteStream(path));
    return path;
  }
}

/** A name is one part of a path, on any system. */
function checkedName(name: unknown): string {
  const isName =
    typeof name === "string" &&
    name.length >= 1 &&
    name.length <= MAX_FILE_NAME &&
    !/[/\\\p{Cc}]/u.test(name) &&
    !/^\.{1,2}$/.test(name);
  if (isName) return name;
  throw wrong("file name", `it has 1 to ${MAX_FILE_NAME} characters, and no / or \\`);
}

function checked(file: FileRef): FileRef {
  if (!isFileRef(file))
    throw wrong("files", "the argument is not a reference, as files.put() returns it");
  checkedName(file.name);
  return file;
}

function wrong(argument: string, reason: string): DagsmithError {
  return new DagsmithError("INVALID_ARGUMENT", { argument, reason });
}
