/**
 * Where values lie that are too large for the database, by name. A folder today; anything that keeps bytes under a name can stand here, and
 * nothing else would change.
 */
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface LargeValues {
  /** For messages. */
  readonly place: string;
  /** Resolves when the value would survive a crash. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** Undefined when there is none. */
  read(name: string): Promise<Buffer | undefined>;
  /** No error when there is none. */
  remove(name: string): Promise<void>;
}

/** A folder. Workers on several machines need one that all of them see, such as a network mount. */
export function largeValuesIn(folder: string): LargeValues {
  // Spread over folders of their own: some file systems are slow with many files in one.
  const path = (name: string): string => join(folder, name.slice(0, 2), name);
  return {
    place: folder,
    write: async (name, bytes) => {
      await mkdir(join(folder, name.slice(0, 2)), { recursive: true });
      // Under its own name only when it is whole. Readable by its owner only: outputs may hold what not everybody should see.
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
  };
}
