/**
 * Objects as files of a folder of this machine. A file gets its name when it is complete.
 * Workers on several machines need a folder that all of them reach.
 */
import { randomUUID } from "node:crypto";
import { type BigIntStats, constants } from "node:fs";
import { copyFile, mkdir, open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import {
  FailTask,
  type HookContext,
  type ObjectAddress,
  type ObjectBackend,
  type ObjectHead,
  type PutObjectOptions,
} from "dagsmith";
import { abortable } from "dagsmith/plugins/object_backend";
import { folderError, noFolder } from "./folder_error.ts";
import { etagOf, isUnfinished, UNFINISHED } from "./folder_file.ts";
import { type FolderListing, listFolderTree } from "./folder_list.ts";

/** The folder at the path that `bucket` names. */
export function folderBackend({ signal }: Pick<HookContext, "signal">): ObjectBackend {
  return {
    system: "Folder",
    maxCopyBytes: null,
    put: (at, bytes, options) =>
      named("put", at, async () => {
        refuseAttributes(at, options);
        return written(at, (path) => writeAll(path, bytes, signal));
      }),
    range: (at, range) => named("range", at, () => rangeOf(at, range)),
    head: (at) => named("head", at, () => headOf(at)),
    list: (bucket, of) => listed(bucket, of, signal),
    copy: (from, to) =>
      named("copy", from, async () => {
        signal.throwIfAborted();
        await statOf(from);
        await written(to, (path) => copyFile(pathOf(from), path, constants.COPYFILE_FICLONE));
      }),
    delete: async (bucket, keys) => {
      for (const key of keys)
        await named("delete", { bucket, key }, () => removed({ bucket, key }));
    },
    presign: async (at) => {
      throw new FailTask(`Folder presign ${pathOf(at)}: a file has no address for other machines`);
    },
  };
}

async function named<Result>(
  verb: string,
  at: ObjectAddress,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const isThere = await isFolder(at.bucket);
    throw isThere ? folderError(verb, pathOf(at), error) : noFolder(verb, at.bucket);
  }
}

const pathOf = ({ bucket, key }: ObjectAddress): string => join(bucket, key);

/** Files keep no attributes: to drop them would lose them without a word. */
function refuseAttributes(at: ObjectAddress, options: PutObjectOptions): void {
  const names = ["metadata", "storageClass", "encryptionKey", "contentEncoding"] as const;
  const found = names.find((name) => Object.keys(options[name] ?? {}).length > 0);
  if (found)
    throw new FailTask(`Folder put ${pathOf(at)}: a file keeps no ${found}; leave the option out`);
}

/** Writes the file under another name, and names it when it is complete. */
async function written(at: ObjectAddress, write: (path: string) => Promise<unknown>) {
  const path = pathOf(at);
  refuseOtherName(at);
  // Only folders within the store are made, never the store itself.
  await stat(at.bucket);
  await mkdir(dirname(path), { recursive: true });
  const part = join(dirname(path), `${UNFINISHED}${randomUUID()}`);
  try {
    await write(part);
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
  const found = await stat(path, { bigint: true });
  return { size: Number(found.size), etag: etagOf(found) };
}

/** Two keys would be the same file: `a//b` and `a/b`, or `a/` and `a`. */
function refuseOtherName(at: ObjectAddress): void {
  const { key } = at;
  if (key.split("/").includes("") || isUnfinished(basename(key)))
    throw new FailTask(
      `Folder put ${pathOf(at)}: the key ${JSON.stringify(key)} is no name of a file; use names with one / between them`,
    );
}

async function writeAll(path: string, bytes: AsyncIterable<Uint8Array>, signal: AbortSignal) {
  signal.throwIfAborted();
  const passed = abortable(bytes, signal);
  try {
    await using file = await open(path, "wx");
    for await (const piece of passed) await file.writeFile(piece);
    await file.sync();
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    passed.destroy();
  }
}

async function rangeOf(
  at: ObjectAddress,
  {
    from,
    length,
    etag,
  }: { readonly from: number; readonly length: number; readonly etag: string | null },
): Promise<Uint8Array | "missing" | "changed"> {
  if ((await headOf(at)) === null) return "missing";
  // It can be deleted between the look and the opening.
  await using file = await open(pathOf(at)).catch(unlessMissing);
  if (file === undefined) return "missing";
  if (etag !== null && etagOf(await file.stat({ bigint: true })) !== etag) return "changed";
  const { size } = await file.stat();
  const wanted = Math.max(0, Math.min(length, size - from));
  const { buffer, bytesRead } = await file.read(Buffer.alloc(wanted), 0, wanted, from);
  return buffer.subarray(0, bytesRead);
}

async function headOf(at: ObjectAddress): Promise<ObjectHead | null> {
  const found = await statOf(at).catch(unlessMissing);
  if (!found?.isFile() || at.key.split("/").includes("")) {
    // Tells an empty folder from one that is not there.
    await stat(at.bucket);
    return null;
  }
  return {
    ...{ key: at.key, size: Number(found.size), etag: etagOf(found), lastModified: found.mtime },
    ...{ contentType: null, contentEncoding: null, storageClass: null, encryption: null },
    metadata: {},
  };
}

const statOf = (at: ObjectAddress): Promise<BigIntStats> => stat(pathOf(at), { bigint: true });

async function removed(at: ObjectAddress): Promise<void> {
  if ((await headOf(at)) !== null) await rm(pathOf(at), { force: true });
}

async function* listed(bucket: string, of: FolderListing, signal: AbortSignal) {
  try {
    yield* listFolderTree(bucket, "", of, signal);
  } catch (error) {
    throw (await isFolder(bucket)) ? folderError("list", bucket, error) : noFolder("list", bucket);
  }
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
  throw error;
}
