/**
 * Finds the calls of `folder("./dir")` while a file is bundled, packs their folders, and
 * writes the hash of each into its call. So the code of the bundle names the contents.
 */
import { readFile } from "node:fs/promises";
import { dirname, extname, join, relative, sep } from "node:path";
import type { Loader, OnLoadResult, PartialMessage, Plugin } from "esbuild";
import { ts } from "ts-morph";
import { errorMessage } from "../../sdk/error_message.ts";
import { type PackedFolder, packFolder } from "./pack_folder.ts";

const MODULE = /\.[cm]?[jt]sx?$/;

/** A call with literal arguments. */
interface FolderCall {
  readonly call: ts.CallExpression;
  readonly path: string;
  readonly exclude: readonly string[];
}

/** The plugin, for one build. @param found gets the folders that the build packed */
export function folderCalls(folder: string, found: PackedFolder[]): Plugin {
  return {
    name: "folders",
    setup(build) {
      build.onLoad({ filter: MODULE }, ({ path }) =>
        path.includes(`${sep}node_modules${sep}`) ? undefined : load(path, folder, found),
      );
    },
  };
}

/** Whether code may call folder(). Most files do not, and need no second build. */
export function mayCallFolder(code: Buffer): boolean {
  return /\bfolder\b/.test(code.toString());
}

async function load(
  path: string,
  root: string,
  found: PackedFolder[],
): Promise<OnLoadResult | undefined> {
  const text = await readFile(path, "utf8");
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const calls = callsIn(source);
  if (calls.length === 0) return undefined;
  let contents = text;
  try {
    for (const one of calls.map(parsed).toReversed())
      contents = await withHash(contents, one, relative(root, dirname(path)), root, found);
  } catch (error) {
    return { errors: [failure(error, source, root)] };
  }
  return { contents, loader: extname(path).replace(/^\.[cm]?/, "") as Loader };
}

/** Thrown with the place of the call. */
class WrongCall extends Error {
  readonly call: ts.Node;

  constructor(call: ts.Node, message: string) {
    super(message);
    this.call = call;
  }
}

function callsIn(source: ts.SourceFile): readonly ts.CallExpression[] {
  const names = namesOfFolder(source);
  const calls: ts.CallExpression[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && names.has(node.expression.getText(source))) calls.push(node);
    ts.forEachChild(node, visit);
  };
  if (names.size > 0) visit(source);
  return calls;
}

/** The names under which the file knows dagsmith's `folder`. */
function namesOfFolder(source: ts.SourceFile): ReadonlySet<string> {
  const names = source.statements.flatMap((statement): readonly string[] => {
    if (!ts.isImportDeclaration(statement)) return [];
    if ((statement.moduleSpecifier as ts.StringLiteral).text !== "dagsmith") return [];
    const bindings = statement.importClause?.namedBindings;
    if (!bindings) return [];
    if (ts.isNamespaceImport(bindings)) return [`${bindings.name.text}.folder`];
    return bindings.elements
      .filter(({ name, propertyName }) => (propertyName ?? name).text === "folder")
      .map(({ name }) => name.text);
  });
  return new Set(names);
}

function parsed(call: ts.CallExpression): FolderCall {
  const [path, options] = call.arguments;
  if (!path || !ts.isStringLiteralLike(path))
    throw new WrongCall(call, 'The path of folder() must be a literal, such as folder("./dbt").');
  return { call, path: path.text, exclude: options ? excluded(call, options) : [] };
}

function excluded(call: ts.CallExpression, options: ts.Expression): readonly string[] {
  const [property, ...others] = ts.isObjectLiteralExpression(options) ? options.properties : [];
  const isExclude =
    property !== undefined &&
    others.length === 0 &&
    ts.isPropertyAssignment(property) &&
    property.name.getText() === "exclude" &&
    ts.isArrayLiteralExpression(property.initializer) &&
    property.initializer.elements.every((element) => ts.isStringLiteralLike(element));
  if (isExclude && ts.isArrayLiteralExpression(property.initializer))
    return property.initializer.elements.map((one) => (one as ts.StringLiteral).text);
  throw new WrongCall(call, 'Options of folder() must be literals: { exclude: ["target"] }.');
}

async function withHash(
  text: string,
  { call, path, exclude }: FolderCall,
  directory: string,
  root: string,
  found: PackedFolder[],
): Promise<string> {
  const place = join(directory, path).split(sep).join("/").replace(/\/$/, "");
  const packed = await packFolder(root, place, exclude).catch((error: unknown) => {
    throw new WrongCall(call, `The folder "${path}" cannot be bundled: ${errorMessage(error)}.`);
  });
  if (!found.some(({ hash }) => hash === packed.hash)) found.push(packed);
  const [from, to] = [call.arguments.pos, call.arguments.end];
  // Lines after the call keep their numbers.
  const lines = text.slice(from, to).replace(/[^\n]/g, "");
  const args = `${JSON.stringify(path)}, ${JSON.stringify({ hash: packed.hash })}${lines}`;
  return text.slice(0, from) + args + text.slice(to);
}

function failure(error: unknown, source: ts.SourceFile, root: string): PartialMessage {
  if (!(error instanceof WrongCall)) throw error;
  const { line } = source.getLineAndCharacterOfPosition(error.call.getStart(source));
  const file = relative(root, source.fileName).split(sep).join("/");
  return { text: error.message, location: { file, line: line + 1 } };
}
