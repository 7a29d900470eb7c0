/**
 * Packs a folder into one archive, and unpacks it again. The same files give the same
 * hash on every machine. The archive is JSON, compressed: folders are small, and Node
 * reads it.
 */
import {
  chmod,
  lstat,
  mkdir,
  readdir,
  readFile,
  realpath,
  stat,
  writeFile,
} from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { gzipSync } from "node:zlib";
import { type PackedFile, readArchive } from "./archive.ts";
import { compareText } from "./text.ts";
import { contentHash } from "./version.ts";

/** A folder of a bundle. */
export interface PackedFolder {
  /** Relative to the DAG folder. */
  readonly path: string;
  /** The names that are left out. */
  readonly exclude: readonly string[];
  /** Hex SHA-256 of the contents. */
  readonly hash: string;
  readonly archive: Buffer;
  /** The folder and all folders in it, relative to the DAG folder. */
  readonly directories: readonly string[];
}

const MEGABYTE = 1024 * 1024;
const MAX_BYTES = 32 * MEGABYTE;
const MAX_FILES = 10_000;
/** They hold what tools made, which belongs to one machine. */
const ALWAYS_EXCLUDED = [".git", ".venv", "node_modules", "__pycache__"];

/**
 * Packs a folder.
 * @throws Error in one sentence: what cannot be packed, and why
 */
export async function packFolder(
  root: string,
  path: string,
  exclude: readonly string[],
): Promise<PackedFolder> {
  const reading = new Reading(join(root, path), new Set([...ALWAYS_EXCLUDED, ...exclude]));
  await reading.run();
  const text = JSON.stringify(reading.files);
  return {
    ...{ path, exclude, hash: contentHash(text), archive: gzipSync(text) },
    directories: reading.directories.map((inner) => (inner === "" ? path : `${path}/${inner}`)),
  };
}

/** Whether a folder has the same contents as when it was packed. */
export async function isUnchanged(root: string, packed: PackedFolder): Promise<boolean> {
  return packFolder(root, packed.path, packed.exclude).then(
    ({ hash }) => hash === packed.hash,
    () => false,
  );
}

/**
 * Writes the files of an archive into a folder that does not exist yet, so that only
 * its removal can change it.
 * @returns false when the archive does not have the hash, or a file of it lies outside
 */
export async function unpackFolder(
  folder: string,
  archive: Uint8Array,
  hash: string,
): Promise<boolean> {
  const files = readArchive(archive, hash);
  if (files === null) return false;
  const directories = new Set([folder]);
  await mkdir(folder, { recursive: true });
  for (const { path, isExecutable, content } of files) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    for (let above = dirname(file); above !== folder; above = dirname(above))
      directories.add(above);
    await writeFile(file, Buffer.from(content, "base64"), { mode: isExecutable ? 0o555 : 0o444 });
  }
  for (const directory of directories) await chmod(directory, 0o555);
  return true;
}

/** Whether an unpacked folder still has exactly the files of its hash. */
export async function hasHash(folder: string, hash: string): Promise<boolean> {
  const reading = new Reading(folder, new Set());
  return reading.run().then(
    () => contentHash(JSON.stringify(reading.files)) === hash,
    () => false,
  );
}

/** Reads the files of a folder, in the order of their paths. */
class Reading {
  readonly files: PackedFile[] = [];
  /** Relative; empty for the folder itself. */
  readonly directories: string[] = [];
  readonly #root: string;
  readonly #excluded: ReadonlySet<string>;
  #bytes = 0;

  constructor(root: string, excluded: ReadonlySet<string>) {
    this.#root = root;
    this.#excluded = excluded;
  }

  async run(): Promise<void> {
    const found = await stat(this.#root).catch(() => undefined);
    if (!found?.isDirectory()) throw new Error("there is no such folder");
    await this.#readDirectory("");
    this.files.sort((a, b) => compareText(a.path, b.path));
  }

  async #readDirectory(directory: string): Promise<void> {
    this.directories.push(directory);
    for (const name of await readdir(join(this.#root, directory)))
      if (!this.#excluded.has(name))
        await this.#readEntry(directory === "" ? name : `${directory}/${name}`);
  }

  async #readEntry(path: string): Promise<void> {
    const found = await lstat(join(this.#root, path));
    if (found.isDirectory()) return this.#readDirectory(path);
    if (found.isSymbolicLink()) await this.#refuseLinkOut(path);
    else if (!found.isFile()) throw new Error(`"${path}" is neither a file nor a folder`);
    await this.#readFile(path);
  }

  /** What a link outside leads to is another file on each machine. */
  async #refuseLinkOut(path: string): Promise<void> {
    const target = await realpath(join(this.#root, path)).catch(() => undefined);
    if (target === undefined) throw new Error(`the symbolic link "${path}" leads nowhere`);
    if (!target.startsWith((await realpath(this.#root)) + sep))
      throw new Error(`the symbolic link "${path}" leads out of the folder`);
    if (!(await stat(target)).isFile())
      throw new Error(
        `the symbolic link "${path}" leads to a folder; only links to files are allowed`,
      );
  }

  async #readFile(path: string): Promise<void> {
    const file = join(this.#root, path);
    const { mode, size } = await stat(file);
    // Before it is read: a file of some gigabytes would not fit into the memory.
    this.#bytes += size;
    if (this.#bytes > MAX_BYTES)
      throw new Error(`it has more than ${MAX_BYTES / MEGABYTE} MiB; leave files out with exclude`);
    if (this.files.length >= MAX_FILES)
      throw new Error(`it has more than ${MAX_FILES} files; leave some out with exclude`);
    const content = (await readFile(file)).toString("base64");
    this.files.push({ path, isExecutable: (mode & 0o100) !== 0, content });
  }
}
