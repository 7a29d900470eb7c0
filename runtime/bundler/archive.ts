/**
 * The archive of a folder, as it is read. It may come from another machine, and a worker
 * may unpack it as root: no path in it may lead out of its folder.
 */
import { gunzipSync } from "node:zlib";
import { z } from "zod";
import { errorMessage } from "../../sdk/error_message.ts";
import { contentHash } from "./version.ts";

/** A file of a folder, its content in base64. */
export interface PackedFile {
  readonly path: string;
  readonly isExecutable: boolean;
  readonly content: string;
}

/** In base64 a folder of the largest size has less. */
const MOST_BYTES = 64 * 1024 * 1024;

const isInside = (path: string): boolean =>
  !path.includes("\u0000") &&
  !path.includes("\\") &&
  path.split("/").every((part) => part !== "" && part !== "." && part !== "..");

const files = z.array(
  z.strictObject({
    path: z.string().refine(isInside, "leads out of the folder"),
    isExecutable: z.boolean(),
    content: z.base64(),
  }),
);

/** The files of an archive; null when it does not have the hash, or is wrong. */
export function readArchive(archive: Uint8Array, hash: string): readonly PackedFile[] | null {
  const read = parseArchive(archive, hash);
  return typeof read === "string" ? null : read;
}

/** What is wrong with an archive, in one sentence; null: nothing. */
export function checkArchive(archive: Uint8Array, hash: string): string | null {
  const read = parseArchive(archive, hash);
  return typeof read === "string" ? read : null;
}

function parseArchive(archive: Uint8Array, hash: string): readonly PackedFile[] | string {
  try {
    const text = gunzipSync(archive, { maxOutputLength: MOST_BYTES }).toString();
    if (contentHash(text) !== hash) return "its files do not have this hash";
    const parsed = files.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : z.prettifyError(parsed.error).replace(/\s+/g, " ");
  } catch (error) {
    return errorMessage(error);
  }
}
