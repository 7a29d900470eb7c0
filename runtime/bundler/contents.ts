/**
 * What files hold, by hash, read at most once in one load. Decides whether something has to be built again: a time stamp alone would
 * rebuild everything after a checkout, and miss an edit within the clock's grain.
 */
import { readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { contentHash } from "./version.ts";

/** Stands for a file that is not there. */
const MISSING = "missing";
/** Equals nothing, so what depends on it is built again. */
const CHANGING = "changing";
/** Time stamps may lie this much behind the clock. */
const CLOCK_GRAIN_MS = 20;
/** Files that change what an import leads to, or how it is compiled. */
export const SETTINGS = [
  "package.json",
  "package-lock.json",
  "tsconfig.json",
  "tsconfig.base.json",
];

/** The files of one load. Paths are relative to its folder. */
export class Contents {
  readonly #folder: string;
  readonly #read = new Map<string, Promise<{ readonly text: string; readonly hash: string }>>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Text and hash; empty, under a hash of its own, for a file that is not there. */
  read(path: string): Promise<{ readonly text: string; readonly hash: string }> {
    const known = this.#read.get(path) ?? this.#readNow(path);
    this.#read.set(path, known);
    return known;
  }

  async hash(path: string): Promise<string> {
    return (await this.read(path)).hash;
  }

  /** The hashes of files that were just used, `CHANGING` for those written since, whose hash may not be that of what was used. */
  async hashesUsedSince(
    paths: readonly string[],
    sinceMs: number,
  ): Promise<ReadonlyMap<string, string>> {
    const hash = async (path: string): Promise<[string, string]> => {
      const writtenAt = await stat(join(this.#folder, path)).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      );
      return [path, writtenAt > sinceMs - CLOCK_GRAIN_MS ? CHANGING : await this.hash(path)];
    };
    return new Map(await Promise.all(paths.map(hash)));
  }

  /** Whether files still have the hashes they had. */
  async unchanged(hashes: ReadonlyMap<string, string>): Promise<boolean> {
    for (const [path, hash] of hashes) if ((await this.hash(path)) !== hash) return false;
    return true;
  }

  /** One hash over the settings files in the folder's given subfolders and in all folders above it. */
  async settingsHash(directories: readonly string[]): Promise<string> {
    const paths = [...ancestorsOf(this.#folder), ...directories].flatMap((directory) =>
      SETTINGS.map((name) => join(directory, name)),
    );
    const hashes = await Promise.all(paths.map(async (path) => `${path} ${await this.hash(path)}`));
    return contentHash(hashes.join("\n"));
  }

  async #readNow(path: string): Promise<{ readonly text: string; readonly hash: string }> {
    try {
      const content = await readFile(join(this.#folder, path));
      return { text: content.toString(), hash: contentHash(content) };
    } catch {
      return { text: "", hash: MISSING };
    }
  }
}

/** `..`, `../..` and so on, up to the root. */
export function ancestorsOf(folder: string): readonly string[] {
  const ancestors: string[] = [];
  for (
    let above = dirname(folder), path = "..";
    ;
    path = join(path, ".."), above = dirname(above)
  ) {
    ancestors.push(path);
    if (above === dirname(above)) return ancestors;
  }
}
