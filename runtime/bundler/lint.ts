/**
 * Finds habits in the text of a DAG file that break it. A DAG file is imported on every
 * deploy and in every task process, without the deployer's environment, and from a bundle
 * in another place.
 */
import { ts } from "ts-morph";
import { warnAboutState } from "./module_state.ts";
import type { ImportWarning } from "./version.ts";

/** A warning about one file, before the file has a name. */
export type LineWarning = Pick<ImportWarning, "code" | "message"> & { readonly line: number };

/** Functions that read, write, wait or start a process, by their usual names. */
const WORK = new Set(
  "fetch readFile readFileSync readdir readdirSync writeFile writeFileSync execSync execFile execFileSync spawn spawnSync".split(
    " ",
  ),
);
const BUNDLE_PLACES = /^(import\.meta\.(url|dirname|filename)|__dirname|__filename)$/;

/** At most one warning of a kind for each line, in the order of the text. */
export function lint(source: ts.SourceFile): readonly LineWarning[] {
  const warnings = new Map<string, LineWarning>();
  const warn = (node: ts.Node, code: LineWarning["code"], message: string): void => {
    const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
    if (!warnings.has(`${line} ${code}`)) warnings.set(`${line} ${code}`, { line, code, message });
  };
  const visit = (node: ts.Node, atImport: boolean): void => {
    warnAbout(node, source, atImport, warn);
    const insideRunsLater = ts.isFunctionLike(node);
    ts.forEachChild(node, (child) => visit(child, atImport && !insideRunsLater));
  };
  visit(source, true);
  warnAboutState(source, warn);
  return [...warnings.values()];
}

type Warn = (node: ts.Node, code: LineWarning["code"], message: string) => void;

function warnAbout(node: ts.Node, source: ts.SourceFile, atImport: boolean, warn: Warn): void {
  if (
    (ts.isPropertyAccessExpression(node) || ts.isIdentifier(node)) &&
    BUNDLE_PLACES.test(node.getText(source)) &&
    !isForRequire(node)
  ) {
    const found = node.getText(source);
    warn(
      node,
      "BUNDLE_LOCATION",
      `${found} is the place of the bundle, not of this file. Import what you need (.json, .sql, .txt, .md), or declare a folder with folder("./dir").`,
    );
  }
  if (!atImport) return;
  const work = workOf(node, source);
  if (work !== undefined)
    warn(
      node,
      "WORK_AT_IMPORT",
      `${work} runs whenever the file is imported. Move it into a task body.`,
    );
  if (ts.isPropertyAccessExpression(node) && node.getText(source) === "process.env") {
    warn(
      node,
      "ENVIRONMENT_AT_IMPORT",
      "process.env is nearly empty where DAG files are imported. Use variable() or a connection in a task body.",
    );
  }
}

/**
 * `createRequire(import.meta.url)` works in a bundle: its packages are looked up in the
 * project.
 */
function isForRequire({ parent }: ts.Node): boolean {
  return (
    ts.isCallExpression(parent) &&
    ts.isIdentifier(parent.expression) &&
    parent.expression.text === "createRequire"
  );
}

function workOf(node: ts.Node, source: ts.SourceFile): string | undefined {
  if (ts.isAwaitExpression(node))
    return isDynamicImport(node.expression) ? undefined : "This await";
  if (ts.isForOfStatement(node) && node.awaitModifier) return "This for await";
  if (!ts.isCallExpression(node)) return undefined;
  const callee = ts.isPropertyAccessExpression(node.expression)
    ? node.expression.name
    : node.expression;
  return ts.isIdentifier(callee) && WORK.has(callee.text)
    ? `${node.expression.getText(source)}()`
    : undefined;
}

function isDynamicImport(node: ts.Node): boolean {
  return ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
}
