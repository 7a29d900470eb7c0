/**
 * Keeps what a load made of a folder in a file, so that the next command builds and
 * inspects only what has changed. Contents decide what has changed, see contents.ts. A
 * file that cannot be read is no error: everything is built again.
 */
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { deserialize, serialize } from "node:v8";
import {
  type Build,
  type EarlierLoad,
  type FolderLoad,
  type LoadFolderOptions,
  loadFolder,
} from "./folder.ts";
import { contentHash } from "./version.ts";

/** What decides, with the files, how a folder is built and inspected. */
export interface KeptKey {
  /** The version of dagsmith. */
  readonly version: string;
  /** Absolute. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Variables that reach a DAG file and may change what it declares. */
const SEEN_AT_IMPORT = ["HOME", "LANG", "NODE_ENV", "TZ"];

interface Kept extends EarlierLoad {
  readonly key: string;
}

/** The last load that was kept under this key; undefined when there is none. */
async function readKept(file: string, key: KeptKey): Promise<EarlierLoad | undefined> {
  try {
    const kept = deserialize(await readFile(file)) as Kept;
    return kept.key === keyText(key) ? kept : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Loads a folder with what was kept of its last load, and keeps what this load made.
 * @param file only its owner can read and write it: who can write it can change what is
 *   deployed
 * @throws DagsmithError FILE_NOT_FOUND when there is no such folder
 */
export async function loadKept(
  file: string,
  key: KeptKey,
  options: LoadFolderOptions,
): Promise<FolderLoad> {
  const previous = await readKept(file, key);
  const load = await loadFolder(key.folder, { ...options, ...(previous && { previous }) });
  const { discovery } = load;
  const builds = new Map([...load.builds].filter(([path, build]) => isLasting(load, path, build)));
  if (!isSame(previous, { discovery, builds }))
    await write(file, { key: keyText(key), discovery, builds });
  return load;
}

/** What has not changed is the same object as in the earlier load. */
function isSame(before: EarlierLoad | undefined, now: EarlierLoad): boolean {
  if (before?.builds.size !== now.builds.size) return false;
  if (before.discovery.files.size !== now.discovery.files.size) return false;
  for (const [path, build] of now.builds) if (before.builds.get(path) !== build) return false;
  for (const [path, found] of now.discovery.files)
    if (before.discovery.files.get(path) !== found) return false;
  return true;
}

async function write(file: string, kept: Kept): Promise<void> {
  const written = `${file}.${process.pid}`;
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(written, serialize(kept), { mode: 0o600 });
    await rename(written, file);
  } catch {
    // The folder of the project cannot be written: the next command builds all again.
    await rm(written, { force: true }).catch(() => undefined);
  }
}

/**
 * Whether the next command would build the same. An import that failed may succeed then,
 * and one that reads more than its own code may find something else.
 */
function isLasting({ discovery }: EarlierLoad, path: string, { inspection }: Build): boolean {
  const warnings = discovery.files.get(path)?.facts.warnings ?? [];
  return inspection?.error == null && warnings.length === 0;
}

function keyText({ version, folder, environment }: KeptKey): string {
  const seen = SEEN_AT_IMPORT.map((name) => environment[name] ?? null);
  return contentHash(JSON.stringify([version, process.version, folder, seen]));
}
