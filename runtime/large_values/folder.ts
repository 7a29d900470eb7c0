/**
 * Large values in a folder of the file system. Workers on several machines need a folder
 * that all of them reach, such as a network mount.
 */
import { createWriteStream } from "node:fs";
import { mkdir, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { type LargeValues, pathOf } from "./store.ts";

export function valuesInFolder(folder: string): LargeValues {
  const path = (name: string): string => join(folder, pathOf(name));
  const remove = async (name: string): Promise<void> => {
    await rm(`${path(name)}.part`, { force: true });
    await rm(path(name), { force: true });
  };
  return {
    place: folder,
    write: async (name, bytes) => {
      await mkdir(dirname(path(name)), { recursive: true });
      // The file gets its name only when it is complete. Only its owner may read it:
      // outputs may be confidential.
      await writeFile(`${path(name)}.part`, bytes, { flush: true, mode: 0o600 });
      await rename(`${path(name)}.part`, path(name));
    },
    writeStream: async (name, bytes) => {
      await mkdir(dirname(path(name)), { recursive: true });
      const part = `${path(name)}.part`;
      await pipeline(bytes, createWriteStream(part, { flush: true, mode: 0o600 }));
      await rename(part, path(name));
    },
    read: (name) => readFile(path(name)).catch(unlessMissing),
    readRange: (name, from, length) => readRange(path(name), from, length).catch(unlessMissing),
    remove,
    abandon: remove,
    close: () => undefined,
  };
}

async function readRange(path: string, from: number, length: number): Promise<Buffer> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, from);
  return buffer.subarray(0, bytesRead);
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT") return undefined;
  throw error;
}
