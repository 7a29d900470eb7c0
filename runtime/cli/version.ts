/** The version of this package, from its package.json, in the source and in the build. */
import { existsSync, readFileSync } from "node:fs";

export function packageVersion(): string {
  // Two folders up from the source, three from dist/.
  const file = ["../../package.json", "../../../package.json"]
    .map((path) => new URL(path, import.meta.url))
    .find((url) => existsSync(url));
  return file ? (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version : "0.0.0";
}
