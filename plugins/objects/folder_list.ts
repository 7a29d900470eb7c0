/** Lists the files of a folder as a store lists its keys: in the order of their bytes. */
import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { ObjectFolder, StoredObject } from "dagsmith";
import { etagOf, isUnfinished } from "./folder_file.ts";

export interface FolderListing {
  readonly prefix: string;
  readonly delimiter: "/" | null;
}

/**
 * The names of one folder at a time are in memory. Files that go meanwhile are left out.
 * @param folder the key of a folder below the root: empty, or with `/` at its end
 */
export async function* listFolderTree(
  root: string,
  folder: string,
  of: FolderListing,
  signal: AbortSignal,
): AsyncGenerator<StoredObject | ObjectFolder> {
  signal.throwIfAborted();
  for (const key of await keysIn(root, folder)) {
    if (!isReached(key, of.prefix)) continue;
    if (!key.endsWith("/")) yield* objectAt(root, key);
    else if (of.delimiter === null || key.length <= of.prefix.length)
      yield* listFolderTree(root, key, of, signal);
    else if (await hasObject(root, key, signal)) yield { prefix: key };
  }
}

/** Whether a key begins with the prefix, or a folder may hold such keys. */
function isReached(key: string, prefix: string): boolean {
  return key.startsWith(prefix) || (key.endsWith("/") && prefix.startsWith(key));
}

/** A folder without files is no part of any key. */
async function hasObject(root: string, folder: string, signal: AbortSignal): Promise<boolean> {
  const all = { prefix: folder, delimiter: null };
  for await (const _ of listFolderTree(root, folder, all, signal)) return true;
  return false;
}

/** The files and the folders, which end with `/`, sorted as keys. */
async function keysIn(root: string, folder: string): Promise<readonly string[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true }).catch((error) => {
    // The root must be there; a folder below it may go meanwhile.
    if (folder !== "" && error.code === "ENOENT") return [];
    throw error;
  });
  const keys = entries.filter(isListed).map((entry) => folder + entry.name + endOf(entry));
  return keys.sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
}

/** A link to a folder is not followed: it may lead around in a circle. */
const isListed = (entry: Dirent): boolean =>
  (entry.isFile() || entry.isDirectory() || entry.isSymbolicLink()) && !isUnfinished(entry.name);

const endOf = (entry: Dirent): string => (entry.isDirectory() ? "/" : "");

async function* objectAt(root: string, key: string): AsyncGenerator<StoredObject> {
  const found = await stat(join(root, key), { bigint: true }).catch(() => undefined);
  if (found?.isFile())
    yield { key, size: Number(found.size), etag: etagOf(found), lastModified: found.mtime };
}
