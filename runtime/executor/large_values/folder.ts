/**
 * Large values in a folder of the file system. Workers on several machines need a folder
 * that all of them reach, such as a network mount.
 */
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type LargeValues, pathOf } from "./store.ts";

export function valuesInFolder(folder: string): LargeValues {
  const path = (name: string): string => join(folder, pathOf(name));
  return {
    place: folder,
    write: async (name, bytes) => {
      await mkdir(dirname(path(name)), { recursive: true });
      // The file gets its name only when it is complete. Only its owner may read it:
      // outputs may be confidential.
      await writeFile(`${path(name)}.part`, bytes, { flush: true, mode: 0o600 });
      await rename(`${path(name)}.part`, path(name));
    },
    read: async (name) => {
      try {
        return await readFile(path(name));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw error;
      }
    },
    remove: async (name) => {
      await rm(`${path(name)}.part`, { force: true });
      await rm(path(name), { force: true });
    },
    close: () => undefined,
  };
}
