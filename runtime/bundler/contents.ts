/**
 * The contents of files, by hash, read at most once in one load. The hashes decide what
 * has to be built again: time stamps would rebuild everything after a checkout, and miss
 * an edit within the resolution of the clock.
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { compareText } from "./text.ts";
import { extendedFiles } from "./tsconfig_chain.ts";
import { contentHash } from "./version.ts";

/** Stands for a missing file. */
const MISSING = "missing";
/** Equals no other hash, so files that depend on it are built again. */
const CHANGING = "changing";
/** Time stamps may be this much behind the clock. */
const CLOCK_GRAIN_MS = 20;
/** Files that change how imports are resolved, or how code is compiled. */
export const SETTINGS = [
  "package.json",
  "package-lock.json",
  "npm-shrinkwrap.json",
  "pnpm-lock.yaml",
  "yarn.lock",
  "bun.lock",
  "bun.lockb",
  "tsconfig.json",
  "tsconfig.base.json",
];

/** Names that an import may find: code, data, and names of folders. */
const IMPORTABLE = /^[^.][^.]*$|\.([cm]?[jt]sx?|json)$/;

/** The files of one load. Paths are relative to its folder. */
export class Contents {
  readonly #folder: string;
  readonly #read = new Map<string, Promise<{ readonly text: string; readonly hash: string }>>();

  readonly #listed = new Set<string>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Text and hash; for a missing file an empty text, under a special hash. For a folder the
   * names in it that an import may find: a new one may come before the found one.
   */
  read(path: string): Promise<{ readonly text: string; readonly hash: string }> {
    const known = this.#read.get(path) ?? this.#readNow(path);
    this.#read.set(path, known);
    return known;
  }

  async hash(path: string): Promise<string> {
    return (await this.read(path)).hash;
  }

  /**
   * Reads the names in folders before they are used: a later name then counts as new. The
   * time stamps of a folder tell nothing, because its hidden files change them, too.
   */
  async readNames(directories: readonly string[]): Promise<void> {
    const paths = directories.map((directory) => join(directory));
    await Promise.all(paths.map((path) => this.read(path)));
    for (const path of paths) this.#listed.add(path);
  }

  /**
   * The hashes of files that were just used. `CHANGING` for files written since, whose
   * hash may not be that of the used content.
   */
  async hashesUsedSince(
    paths: readonly string[],
    sinceMs: number,
  ): Promise<ReadonlyMap<string, string>> {
    const hash = async (path: string): Promise<[string, string]> => {
      if (this.#listed.has(path)) return [path, await this.hash(path)];
      const writtenAt = await stat(join(this.#folder, path)).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      );
      return [path, writtenAt > sinceMs - CLOCK_GRAIN_MS ? CHANGING : await this.hash(path)];
    };
    return new Map(await Promise.all(paths.map(hash)));
  }

  /** Whether files still have these hashes. */
  async unchanged(hashes: ReadonlyMap<string, string>): Promise<boolean> {
    for (const [path, hash] of hashes) if ((await this.hash(path)) !== hash) return false;
    return true;
  }

  /**
   * One hash over the settings files in the folder's given subfolders and in all folders
   * above it, with all that their tsconfig.json extend.
   */
  async settingsHash(directories: readonly string[]): Promise<string> {
    const named = [...ancestorsOf(this.#folder), ...directories].flatMap((directory) =>
      SETTINGS.map((name) => join(directory, name)),
    );
    const extended = await Promise.all(named.map((path) => this.#extendedBy(path)));
    const paths = [...new Set([...named, ...extended.flat()])];
    const hashes = await Promise.all(paths.map(async (path) => `${path} ${await this.hash(path)}`));
    return contentHash(hashes.join("\n"));
  }

  async #extendedBy(path: string): Promise<readonly string[]> {
    if (!path.endsWith("tsconfig.json")) return [];
    const { text } = await this.read(path);
    return extendedFiles(this.#folder, path, text);
  }

  async #readNow(path: string): Promise<{ readonly text: string; readonly hash: string }> {
    try {
      const content = await readFile(join(this.#folder, path));
      return { text: content.toString(), hash: contentHash(content) };
    } catch (error) {
      return { text: "", hash: isDirectory(error) ? await this.#namesHash(path) : MISSING };
    }
  }

  async #namesHash(directory: string): Promise<string> {
    const names = await readdir(join(this.#folder, directory)).catch(() => []);
    const importable = names.filter((name) => IMPORTABLE.test(name)).sort(compareText);
    return contentHash(importable.join("\n"));
  }
}

function isDirectory(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "EISDIR";
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
