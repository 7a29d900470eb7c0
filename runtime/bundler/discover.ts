/**
 * Finds the files of a folder that may define a DAG, from their names and their text,
 * without running them.
 */
import { resolve } from "node:path";
import { Contents } from "./contents.ts";
import { type FileFacts, factsOf } from "./facts.ts";
import { walk } from "./walk.ts";

/** The result, with paths relative to the folder. */
export interface Discovery {
  /**
   * Every file that may define a DAG by its name, in order, with the facts of its text.
   */
  readonly files: ReadonlyMap<string, DiscoveredFile>;
  /** Every folder that was read; the folder itself is `""`. */
  readonly directories: readonly string[];
}

interface DiscoveredFile {
  readonly hash: string;
  readonly facts: FileFacts;
}

/**
 * Reads a folder.
 * @param previous an earlier result for the same folder: unchanged files are not read
 *   again
 * @throws DagsmithError FILE_NOT_FOUND when there is no such folder
 */
export async function discover(
  folder: string,
  previous?: Discovery,
  contents = new Contents(resolve(folder)),
): Promise<Discovery> {
  const { files, directories } = await walk(folder);
  const discovered = files.map(async (file): Promise<[string, DiscoveredFile]> => {
    const { text, hash } = await contents.read(file);
    const known = previous?.files.get(file);
    return [file, known?.hash === hash ? known : { hash, facts: factsOf(file, text) }];
  });
  return { files: new Map(await Promise.all(discovered)), directories };
}
