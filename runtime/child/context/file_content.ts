/** The contents of a file on their way to the store, and back with a check. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { DagsmithError } from "../../../sdk/errors.ts";
import type { FileContent, FileRef } from "../../../sdk/files/task_files.ts";

/** The bytes of what a task gave. @throws DagsmithError INVALID_ARGUMENT */
export async function* bytesOf(content: FileContent): AsyncGenerator<Uint8Array> {
  if (typeof content === "string" || content instanceof Uint8Array) yield bytesOfChunk(content);
  // A stream that reads a file has a path too.
  else if (isStream(content)) for await (const chunk of content) yield bytesOfChunk(chunk);
  else if (typeof content?.path === "string") yield* createReadStream(content.path);
  else throw wrongContent(content);
}

function isStream(content: unknown): content is AsyncIterable<unknown> {
  return typeof content === "object" && content !== null && Symbol.asyncIterator in content;
}

function bytesOfChunk(chunk: unknown): Uint8Array {
  if (typeof chunk === "string") return Buffer.from(chunk);
  if (chunk instanceof Uint8Array) return chunk;
  throw wrongContent(chunk);
}

function wrongContent(found: unknown): DagsmithError {
  return new DagsmithError("INVALID_ARGUMENT", {
    argument: "files.put",
    reason: `the content is ${found === null ? "null" : `a ${typeof found}`}; allowed: text, bytes, a stream of them, or { path }`,
  });
}

/** The same bytes. Fails at their end when they are not those of the reference. */
export async function* verified(
  { name, size, sha256 }: FileRef,
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  let read = 0;
  for await (const chunk of bytes) {
    hash.update(chunk);
    read += chunk.length;
    yield chunk;
  }
  if (read !== size || hash.digest("hex") !== sha256)
    throw new DagsmithError("FILE_CORRUPT", { name, size, read });
}
