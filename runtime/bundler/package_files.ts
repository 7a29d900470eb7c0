/**
 * Finds packages in a bundle that look for files in their own folder: fonts, templates,
 * scripts of workers. In a bundle they look next to the bundle and find nothing, and the
 * task fails only when it runs.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Metafile } from "esbuild";
import { ts } from "ts-morph";
import { packageHome, packageName } from "./externals.ts";
import type { ImportWarning } from "./version.ts";

/** Names that hold the place of a file; also a cheap look before the text is read. */
const PLACE = /__dirname|__filename|import\.meta/;
const NAMES = ["__dirname", "__filename"];

/** One warning for each package, at its first place. */
export function packageFileWarnings(
  file: string,
  output: Metafile["outputs"][string] | undefined,
  folder: string,
): readonly ImportWarning[] {
  const packages = new Map<string, string>();
  for (const [path, { bytesInOutput }] of Object.entries(output?.inputs ?? {})) {
    const name = packageOf(path);
    if (name === undefined || bytesInOutput === 0 || packages.has(name)) continue;
    const line = lineOfPlace(join(folder, path));
    if (line !== undefined)
      packages.set(name, `${path.slice(path.lastIndexOf("node_modules"))}:${line}`);
  }
  return [...packages].map(([name, place]) => ({
    ...{ file, line: null, code: "PACKAGE_FILES" as const },
    message: `The package "${name}" looks for files in its own folder (${place}), which a bundle does not contain. Keep it out of the bundle: { "dagsmith": { "external": ["${name}"] } } in package.json.`,
  }));
}

function packageOf(path: string): string | undefined {
  const home = packageHome(`/${path}`);
  return home && packageName(home.slice(home.lastIndexOf("node_modules") + 13));
}

/** The first line that uses the place of the file; undefined for a file without one. */
function lineOfPlace(path: string): number | undefined {
  const text = /\.[cm]?[jt]sx?$/.test(path) ? readFileSync(path, "utf8") : "";
  if (!PLACE.test(text)) return undefined;
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, false, ts.ScriptKind.TSX);
  const at = placeIn(source, source);
  return at === undefined ? undefined : source.getLineAndCharacterOfPosition(at).line + 1;
}

/** `__dirname` and `import.meta.url`, but not `import.meta.env` and not a comment. */
function placeIn(node: ts.Node, source: ts.SourceFile): number | undefined {
  const isPlace = ts.isIdentifier(node)
    ? NAMES.includes(node.text)
    : ts.isPropertyAccessExpression(node) &&
      ts.isMetaProperty(node.expression) &&
      ["url", "dirname", "filename"].includes(node.name.text);
  if (isPlace) return node.getStart(source);
  return ts.forEachChild(node, (child) => placeIn(child, source));
}
