/**
 * The code of this dagsmith, as one hash. A version does not tell it: a patched package,
 * or one that is run from source, changes without it.
 */
import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compareText } from "./text.ts";
import { contentHash } from "./version.ts";

const HOME = fileURLToPath(new URL("../../", import.meta.url));
/** Of these, what a DAG file imports and what inspects it. */
const ROOMS = ["sdk", "plugins", "runtime"];
const EXTENSION = extname(import.meta.url);

/** Contents decide, not time stamps: a new checkout or image has the same hash. */
export async function ownCodeHash(): Promise<string> {
  const files = (await Promise.all(ROOMS.map(codeIn))).flat().sort(compareText);
  const hashes = await Promise.all(
    files.map(async (file) => `${file} ${contentHash(await readFile(join(HOME, file)))}`),
  );
  return contentHash(hashes.join("\n"));
}

async function codeIn(room: string): Promise<readonly string[]> {
  const paths = await readdir(join(HOME, room), { recursive: true });
  return paths.filter((path) => path.endsWith(EXTENSION)).map((path) => join(room, path));
}
