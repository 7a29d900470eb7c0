/** Text files that a DAG file imports, in tests as the bundler has them. */
import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { TEXT_FILES } from "../../runtime/bundler/text.ts";

/** A plugin of Vite. */
export const textModules = {
  name: "text-modules",
  enforce: "pre",
  async load(id: string): Promise<string | undefined> {
    if (!TEXT_FILES.includes(extname(id))) return undefined;
    return `export default ${JSON.stringify(await readFile(id, "utf8"))};`;
  },
} as const;
