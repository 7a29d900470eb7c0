/**
 * The script of the page as one file, so that a browser asks for it once. A build calls
 * this once; a page that runs from source calls it at its start.
 */
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";

/** Browsers that have every feature that the page's script uses. */
const TARGET = "es2022";

/** @param entry the module that imports all others, as a file URL */
export function bundleScript(entry: URL): string {
  const { outputFiles } = buildSync({
    entryPoints: [fileURLToPath(entry)],
    ...{ bundle: true, minify: true, write: false, format: "esm", target: TARGET },
  });
  return outputFiles.map(({ text }) => text).join("");
}
