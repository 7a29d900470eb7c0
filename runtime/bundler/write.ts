/**
 * A bundle in the form in which Node imports it; and on disk, for a process of one's own.
 */
import { randomUUID } from "node:crypto";
import { access, mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** The parts of a bundle that are needed to run it. */
export interface RunnableBundle {
  readonly bundleHash: string;
  readonly code: Buffer;
  readonly sourceMap: Buffer;
}

/**
 * The last line of every bundle's code; true when the source map is next to it as
 * `bundle.mjs.map`.
 */
export const SOURCE_MAP_LINE = "//# sourceMappingURL=bundle.mjs.map\n";

/**
 * Writes a bundle under `directory`, unless it exists already: one file, named by its
 * hash, with the source map inside. Safe when several processes write the same bundle at
 * once: the file appears complete or not at all.
 * @param sourceFolder the DAG folder on this machine, if there is one: stacks and
 *   debuggers then name the files in it
 * @returns the path to import
 */
export async function writeBundle(
  directory: string,
  bundle: RunnableBundle,
  sourceFolder?: string,
): Promise<string> {
  const path = join(directory, `${bundle.bundleHash}.mjs`);
  if (await exists(path)) return path;
  await mkdir(directory, { recursive: true });
  const unfinished = join(directory, `.${bundle.bundleHash}.${randomUUID()}`);
  // On some disks, creating a file is most of the cost of a bundle, so the map has no
  // file of its own.
  await writeFile(unfinished, loadableCode(bundle, sourceFolder));
  await rename(unfinished, path);
  return path;
}

/** The code of a bundle with its source map inside. */
export function loadableCode(
  { code, sourceMap }: Pick<RunnableBundle, "code" | "sourceMap">,
  sourceFolder?: string,
): Buffer {
  return Buffer.concat([withoutLastLine(code), inlineMap(sourceMap, sourceFolder)]);
}

function withoutLastLine(code: Buffer): Buffer {
  return code.subarray(0, code.length - Buffer.byteLength(SOURCE_MAP_LINE));
}

/**
 * The stored map names no folder, so that it is the same everywhere. Here the sources
 * have a folder.
 */
function inlineMap(sourceMap: Buffer, sourceFolder: string | undefined): Buffer {
  const map = sourceFolder === undefined ? sourceMap : Buffer.from(rooted(sourceMap, sourceFolder));
  return Buffer.from(
    `//# sourceMappingURL=data:application/json;base64,${map.toString("base64")}\n`,
  );
}

function rooted(sourceMap: Buffer, sourceFolder: string): string {
  const map = JSON.parse(sourceMap.toString()) as { readonly sources: readonly string[] };
  return JSON.stringify({
    ...map,
    sources: map.sources.map((source) => pathToFileURL(join(sourceFolder, source)).href),
  });
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
