/**
 * What a project says about its bundles, in the nearest package.json that has the field
 * `dagsmith`: `{ "dagsmith": { "external": ["pdfkit"] } }`.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ancestorsOf } from "./contents.ts";

/**
 * The packages that bundles must not contain.
 * @param folder the folder of DAG files, absolute
 * @throws Error for a setting that does not exist or has another type
 */
export function namedExternals(folder: string): readonly string[] {
  for (const directory of [".", ...ancestorsOf(folder)]) {
    const path = join(folder, directory, "package.json");
    const settings = settingsIn(path);
    if (settings !== undefined) return externalsOf(settings, path);
  }
  return [];
}

/** A package.json that is no JSON has no settings; esbuild warns of it. */
function settingsIn(path: string): unknown {
  try {
    const { dagsmith } = JSON.parse(readFileSync(path, "utf8")) as { readonly dagsmith?: unknown };
    return dagsmith;
  } catch {
    return undefined;
  }
}

function externalsOf(settings: unknown, path: string): readonly string[] {
  const refuse = (problem: string): Error => new Error(`${path}: ${problem}`);
  if (typeof settings !== "object" || settings === null || Array.isArray(settings))
    throw refuse('"dagsmith" is not an object');
  const { external = [], ...others } = settings as { readonly external?: unknown };
  const [other] = Object.keys(others);
  if (other !== undefined) throw refuse(`"dagsmith" has no setting "${other}"; it has "external"`);
  const isList = Array.isArray(external) && external.every((name) => typeof name === "string");
  if (!isList) throw refuse('"dagsmith.external" is not a list of names of packages');
  return external;
}
