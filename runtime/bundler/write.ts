/** Lays a bundle on disk, where Node can import it. */
import { randomUUID } from "node:crypto";
import { access, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** What is needed of a bundle to run it. */
export interface RunnableBundle {
  readonly bundleHash: string;
  readonly code: Buffer;
  readonly sourceMap: Buffer;
}

/**
 * Writes a bundle and its source map into a folder of their own under `directory`, unless they are there already.
 * Safe when several processes write the same bundle at once: the folder appears whole or not at all.
 * @param sourceFolder the DAG folder on this machine, if there is one: stacks and debuggers then name the files in it
 * @returns the path to import
 */
export async function writeBundle(directory: string, bundle: RunnableBundle, sourceFolder?: string): Promise<string> {
  const home = join(directory, bundle.bundleHash);
  const path = join(home, "bundle.mjs");
  if (await exists(path)) return path;
  const unfinished = join(directory, `.${bundle.bundleHash}.${randomUUID()}`);
  await mkdir(unfinished, { recursive: true });
  await writeFile(join(unfinished, "bundle.mjs"), bundle.code);
  await writeFile(join(unfinished, "bundle.mjs.map"), rootedMap(bundle.sourceMap, sourceFolder));
  await rename(unfinished, home).catch(async (error) => {
    await rm(unfinished, { recursive: true, force: true });
    if (!(await exists(path))) throw error;
  });
  return path;
}

/** The stored map names no folder, so that it is the same everywhere; here the sources have a place. */
function rootedMap(sourceMap: Buffer, sourceFolder: string | undefined): Buffer | string {
  if (sourceFolder === undefined) return sourceMap;
  const map = JSON.parse(sourceMap.toString()) as { readonly sources: readonly string[] };
  return JSON.stringify({ ...map, sources: map.sources.map((source) => pathToFileURL(join(sourceFolder, source)).href) });
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
