/**
 * The files of a DAG folder that may define a DAG, by name alone. Apart from discovery,
 * because the watcher needs only this part.
 */
import { type Dirent, existsSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import ignore, { type Ignore } from "ignore";
import { DagsmithError } from "../../sdk/errors.ts";
import { compareText } from "./text.ts";

/**
 * The files and folders; paths are relative to the folder, with forward slashes, in
 * order.
 */
export interface Walk {
  readonly files: readonly string[];
  /** Every folder that was read; the folder itself is `""`. */
  readonly directories: readonly string[];
}

/**
 * In the syntax of .gitignore. Each folder may have one, which applies to everything
 * below it.
 */
export const IGNORE_FILE = ".dagignore";
const IGNORED_DIRECTORIES = new Set(["node_modules", "dist"]);
/** A CommonJS file is no DAG file; it is read to say so. */
const MODULE = /\.[cm]?[jt]s$/;
const NEVER_A_DAG = /\.(d|test|spec|config)\.\w+$/;

/** Rules that apply from one folder downwards. */
interface Rules {
  readonly base: string;
  readonly matcher: Ignore;
}

/**
 * Walks a folder and its subfolders, without node_modules, dist, folders whose name
 * begins with a dot, and what `.dagignore` excludes. A linked file counts. A linked
 * folder does not, because it may lead back.
 * @throws DagsmithError FILE_NOT_FOUND when there is no such folder
 */
export async function walk(folder: string): Promise<Walk> {
  await assertFolder(folder);
  const found = { files: [] as string[], directories: [] as string[] };
  await walkInto(folder, "", [], found);
  return { files: found.files.sort(compareText), directories: found.directories.sort(compareText) };
}

/** @throws DagsmithError FILE_NOT_FOUND when there is no such folder */
export async function assertFolder(folder: string): Promise<void> {
  const isFolder = await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) throw new DagsmithError("FILE_NOT_FOUND", { file: folder });
}

async function walkInto(
  folder: string,
  directory: string,
  outer: readonly Rules[],
  found: { files: string[]; directories: string[] },
) {
  // A folder that is removed during the walk is no error: its removal causes another
  // walk.
  const entries = await readdir(join(folder, directory), { withFileTypes: true }).catch(() => []);
  found.directories.push(directory);
  const rules = entries.some((entry) => entry.name === IGNORE_FILE)
    ? [...outer, await readRules(folder, directory)]
    : outer;
  for (const entry of entries) {
    const path = directory === "" ? entry.name : `${directory}/${entry.name}`;
    if (entry.isDirectory()) {
      if (isDagDirectory(entry.name) && !isIgnored(`${path}/`, rules))
        await walkInto(folder, path, rules, found);
    } else if (isDagFile(entry, join(folder, path)) && !isIgnored(path, rules))
      found.files.push(path);
  }
}

async function readRules(folder: string, directory: string): Promise<Rules> {
  const text = await readFile(join(folder, directory, IGNORE_FILE), "utf8").catch(() => "");
  return { base: directory === "" ? "" : `${directory}/`, matcher: ignore().add(text) };
}

function isIgnored(path: string, rules: readonly Rules[]): boolean {
  return rules.some(({ base, matcher }) => matcher.ignores(path.slice(base.length)));
}

function isDagDirectory(name: string): boolean {
  return !name.startsWith(".") && !IGNORED_DIRECTORIES.has(name);
}

/** Whether a file of this name can be a DAG file, or code that a DAG file imports. */
export function isModule(name: string): boolean {
  return MODULE.test(name);
}

function isDagFile(entry: Dirent, path: string): boolean {
  if (!isModule(entry.name) || NEVER_A_DAG.test(entry.name) || entry.name.startsWith("."))
    return false;
  return entry.isFile() || (entry.isSymbolicLink() && existsSync(path));
}
