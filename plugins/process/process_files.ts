/**
 * Files between a process and other tasks: references as paths, named files as
 * references.
 */
import { access } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { FailTask, type FileRef, isFileRef, type TaskFiles, withCode } from "dagsmith";

/**
 * What a process task returns: its output, and with the option `files` also the files
 * that it made, by the names of the option.
 * @example type Trips = ProcessResult<number, "trips.csv">; // { output: number; files: … }
 */
export type ProcessResult<Output, Files extends string = never> = [Files] extends [never]
  ? Output
  : { readonly output: Output; readonly files: { readonly [Name in Files]: FileRef } };

/** Where the process finds a file. */
export type PathOf = (file: FileRef) => string | Promise<string>;

/** A value in which each file reference also has the `path` of a copy. */
export async function withPaths(value: unknown, pathOf: PathOf): Promise<unknown> {
  if (isFileRef(value)) return { ...value, path: await pathOf(value) };
  if (Array.isArray(value)) return Promise.all(value.map((part) => withPaths(part, pathOf)));
  if (!isPlainObject(value)) return value;
  const parts = Object.entries(value).map(
    async ([key, part]) => [key, await withPaths(part, pathOf)] as const,
  );
  return Object.fromEntries(await Promise.all(parts));
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  return [Object.prototype, null].includes(Object.getPrototypeOf(value));
}

/**
 * Stores the files that a process made.
 * @param names relative to `folder`
 * @throws FailTask when the process did not make one
 */
export async function storeFiles<Files extends string>(
  names: readonly Files[],
  folder: string,
  files: TaskFiles,
): Promise<{ readonly [Name in Files]: FileRef }> {
  const stored: [string, FileRef][] = [];
  for (const name of names) {
    const path = resolve(folder, name);
    await access(path).catch(() => {
      throw withCode(
        "FILE_NOT_MADE",
        new FailTask(`The process did not make the file "${name}", which the option files names.`),
      );
    });
    stored.push([name, await files.put(basename(name), { path })]);
  }
  return Object.fromEntries(stored) as { readonly [Name in Files]: FileRef };
}
