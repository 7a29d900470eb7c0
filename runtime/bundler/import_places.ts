/**
 * What else decides which files a bundle has: the folders in which its imports were
 * found, and the settings of packages and of the compiler there. A new file in such a
 * folder, or another `exports`, makes the same import find another file.
 */
import { dirname, join } from "node:path";

const DECIDING = ["package.json", "tsconfig.json"];

/** @param inputs the files of a bundle, relative to the DAG folder, as are the results */
export function importPlaces(inputs: readonly string[]): readonly string[] {
  const directories = new Set(inputs.flatMap((input) => directoriesOf(input)));
  return [...directories].flatMap((directory) => [
    directory,
    ...DECIDING.map((name) => join(directory, name)),
  ]);
}

/** From the folder of a file to that of its package, or to a folder around the DAG folder. */
function directoriesOf(input: string): readonly string[] {
  const directories: string[] = [];
  for (let directory = dirname(input); ; directory = dirname(directory)) {
    directories.push(directory);
    if (isOutermost(directory)) return directories;
  }
}

function isOutermost(directory: string): boolean {
  return directory === dirname(directory) || /(^|\/)(\.\.|node_modules)$/.test(directory);
}
