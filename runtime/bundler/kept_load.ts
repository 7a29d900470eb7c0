/**
 * Keeps what the files of a folder declared in a file, so that the next command imports
 * only what has changed. Each file is bundled every time: the bundle is the one thing
 * that shows all that a change may reach. A kept file that cannot be read is no error:
 * everything is imported again.
 */
import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { deserialize, serialize } from "node:v8";
import { Contents } from "./contents.ts";
import type { Discovery } from "./discover.ts";
import {
  type Build,
  type FolderLoad,
  type Inspected,
  type LoadFolderOptions,
  loadFolder,
} from "./folder.ts";
import { PASSED_ON } from "./inspector.ts";
import { Surroundings } from "./surroundings.ts";
import { contentHash } from "./version.ts";

/** What decides, with the bundles and settings, what an import declares. */
export interface KeptKey {
  /** The hash of the code of dagsmith. */
  readonly code: string;
  /** Absolute. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

interface Kept {
  readonly key: string;
  readonly discovery: Discovery;
  readonly inspected: ReadonlyMap<string, Inspected>;
}

/** Length of the hash with which the file begins. */
const HASH_LENGTH = contentHash("").length;

/** What was kept under this key; undefined when there is nothing. */
async function readKept(file: string, key: KeptKey): Promise<Kept | undefined> {
  try {
    const content = await readFile(file);
    const body = content.subarray(HASH_LENGTH);
    if (contentHash(body) !== content.toString("latin1", 0, HASH_LENGTH)) return undefined;
    const kept = deserialize(body) as Kept;
    return kept.key === keyText(key) ? kept : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Loads a folder with what was kept of its last load, and keeps what this load found.
 * @param file only its owner can read and write it: who can write it can change what is
 *   deployed
 * @throws DagsmithError FILE_NOT_FOUND when there is no such folder
 */
export async function loadKept(
  file: string,
  key: KeptKey,
  options: LoadFolderOptions,
): Promise<FolderLoad> {
  const before = await readKept(file, key);
  const previous = before && { discovery: before.discovery, builds: new Map<string, Build>() };
  const load = await loadFolder(key.folder, { ...options, previous, inspected: before?.inspected });
  const inspected = await lastingOf(load, before?.inspected);
  const kept = { key: keyText(key), discovery: load.discovery, inspected };
  if (!isSame(before, kept)) await write(file, kept);
  return load;
}

/** What the next import would declare, too. What was taken over was found to be that. */
async function lastingOf(
  { folder, builds }: FolderLoad,
  before: ReadonlyMap<string, Inspected> = new Map(),
): Promise<ReadonlyMap<string, Inspected>> {
  const surroundings = new Surroundings(new Contents(resolve(folder)));
  const lasting = new Map<string, Inspected>();
  for (const [path, { bundle, settings, inspection }] of builds) {
    if (!inspection || inspection.error) continue;
    const known = before.get(path);
    if (known?.inspection === inspection) lasting.set(path, known);
    else if (!(await surroundings.isReadBy(bundle)))
      lasting.set(path, { bundle: { bundleHash: bundle.bundleHash }, settings, inspection });
  }
  return lasting;
}

/** What has not changed is the same object as before. */
function isSame(before: Kept | undefined, now: Kept): boolean {
  return (
    before !== undefined &&
    hasSameValues(before.inspected, now.inspected) &&
    hasSameValues(before.discovery.files, now.discovery.files)
  );
}

function hasSameValues(
  before: ReadonlyMap<string, unknown>,
  now: ReadonlyMap<string, unknown>,
): boolean {
  return before.size === now.size && [...now].every(([path, one]) => before.get(path) === one);
}

async function write(file: string, kept: Kept): Promise<void> {
  const written = `${file}.${randomUUID()}`;
  const body = serialize(kept);
  try {
    await mkdir(dirname(file), { recursive: true });
    const content = Buffer.concat([Buffer.from(contentHash(body), "latin1"), body]);
    await writeFile(written, content, { mode: 0o600, flag: "wx" });
    await rename(written, file);
  } catch {
    // The folder of the project cannot be written: the next command imports all again.
    await rm(written, { force: true }).catch(() => undefined);
  }
}

function keyText({ code, folder, environment }: KeptKey): string {
  const seen = PASSED_ON.map((name) => environment[name] ?? null);
  return contentHash(JSON.stringify([code, process.version, folder, seen]));
}
