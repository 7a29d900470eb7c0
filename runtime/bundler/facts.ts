/**
 * Facts from the text of one file, without running it: whether it may define a DAG, and
 * where it declares DAGs and tasks. They are a guess where ids are computed. The
 * inspector decides everything but line numbers.
 */
import { isBuiltin } from "node:module";
import { Node, Project, type SourceFile, ts } from "ts-morph";
import type { DagSpec, Position } from "../../sdk/spec/index.ts";
import { type Choice, choicesOf } from "./choices.ts";
import { type LineWarning, lint } from "./lint.ts";
import { escapeRegExp } from "./text.ts";

/**
 * `dag`: it builds DAGs and exports a value that may be one. `maybe`: it exports a value
 * that an import may have built; when it is not a DAG, the file is a helper, not an
 * error. `factory`: it builds DAGs but exports a function. `unexported`: it builds a DAG
 * when it is imported, but has no default export. `commonjs`: it builds DAGs in a
 * CommonJS file, which is not loaded. `no`: none of these.
 */
type Candidacy = "dag" | "maybe" | "factory" | "unexported" | "commonjs" | "no";

/** An id in the text: the id itself, or the pattern of a template with values in it. */
interface Declared {
  readonly id: string | RegExp;
  readonly line: number;
}

export interface FileFacts {
  readonly candidacy: Candidacy;
  /**
   * `variable` is the variable to which the DAG was assigned; `atImport`: it is built
   * outside any function.
   */
  readonly dags: readonly (Declared & {
    readonly variable: string | null;
    readonly atImport: boolean;
  })[];
  /**
   * Tasks and groups. `owner` is the variable on which it was declared, `group` the id of
   * the group around it.
   */
  readonly tasks: readonly (Declared & {
    readonly owner: string;
    readonly group: Declared["id"] | null;
  })[];
  /** The literal choices of branches. */
  readonly branches: readonly (Declared & { readonly choices: readonly Choice[] })[];
  readonly warnings: readonly LineWarning[];
}

/** Methods of a DAG that declare a task, or a group of them. */
const DECLARING = [
  "task",
  "empty",
  "setup",
  "teardown",
  "branch",
  "switch",
  "shortCircuit",
  "latestOnly",
  "loop",
  "sensor",
  "group",
];

const NO_DAG: FileFacts = { candidacy: "no", dags: [], tasks: [], branches: [], warnings: [] };

/**
 * Cheap, and true for every file that has a default export, or calls dag(): most helpers
 * are left out here, before they are parsed.
 */
const MAY_EXPORT_DEFAULT = /\bdefault\b|\bmodule\s*\.\s*exports\b|\bdag\s*\(/;
const MAY_IMPORT = /\bimport\b|\bfrom\b|\brequire\b/;

const project = new Project({
  skipAddingFilesFromTsConfig: true,
  skipFileDependencyResolution: true,
  skipLoadingLibFiles: true,
  useInMemoryFileSystem: true,
  compilerOptions: { allowJs: true },
});

/**
 * Reads one file. Never throws: a file that cannot be parsed is a candidate, so that the
 * bundler reports what is wrong with it.
 */
export function factsOf(file: string, text: string): FileFacts {
  if (!MAY_EXPORT_DEFAULT.test(text) || !MAY_IMPORT.test(text)) return NO_DAG;
  const source = project.createSourceFile(`/${file}`, text, { overwrite: true });
  try {
    const candidacy = candidacyOf(source);
    return candidacy === "no"
      ? NO_DAG
      : { candidacy, ...declarations(source.compilerNode), warnings: lint(source.compilerNode) };
  } finally {
    source.forget();
  }
}

function candidacyOf(source: SourceFile): Candidacy {
  if (/\.c[jt]s$/.test(source.getFilePath()))
    return /["']dagsmith["']/.test(source.getFullText()) ? "commonjs" : "no";
  const exported = defaultExport(source);
  const imports = valueImports(source);
  const buildsDags = imports.some(
    ({ from, names }) => from === "dagsmith" && ["dag", "*"].some((name) => names.includes(name)),
  );
  if (exported === "none") {
    if (exportsDefaultUnparsed(source.getFullText())) return "maybe";
    return buildsDags && declaresDagAtOnce(source) ? "unexported" : "no";
  }
  if (exported === "function") return buildsDags ? "factory" : "no";
  if (buildsDags) return "dag";
  return exported === "value" && imports.length > 0 ? "maybe" : "no";
}

/** Whether importing the file builds a DAG: it calls `dag(…)` outside any function. */
function declaresDagAtOnce(source: SourceFile): boolean {
  const calls = (node: ts.Node): boolean =>
    (ts.isCallExpression(node) &&
      ts.isIdentifier(node.expression) &&
      node.expression.text === "dag") ||
    (!ts.isFunctionLike(node) && ts.forEachChild(node, calls) === true);
  return calls(source.compilerNode);
}

/**
 * A missing bracket hides an export from the parser. If the file were no candidate then,
 * the error would not be reported.
 */
function exportsDefaultUnparsed(text: string): boolean {
  return /\bexport\s+default\b/.test(text) && /["']dagsmith["']/.test(text);
}

/**
 * The kind of the default export: a function or class, plain data, or a value that is
 * only known when the file runs.
 */
function defaultExport(source: SourceFile): "none" | "function" | "data" | "value" {
  for (const statement of source.getStatements()) {
    if (Node.isExportAssignment(statement)) return kindOf(statement.getExpression(), source);
    if (
      (Node.isFunctionDeclaration(statement) || Node.isClassDeclaration(statement)) &&
      statement.isDefaultExport()
    )
      return "function";
    if (Node.isExportDeclaration(statement)) {
      const named = statement
        .getNamedExports()
        .find((name) => (name.getAliasNode() ?? name.getNameNode()).getText() === "default");
      if (named)
        return statement.hasModuleSpecifier() ? "value" : kindOf(named.getNameNode(), source);
    }
    if (
      Node.isExpressionStatement(statement) &&
      /^module\s*\.\s*exports\s*=/.test(statement.getText())
    )
      return "value";
  }
  return "none";
}

function kindOf(expression: Node, source: SourceFile): "function" | "data" | "value" {
  if (
    Node.isAsExpression(expression) ||
    Node.isSatisfiesExpression(expression) ||
    Node.isParenthesizedExpression(expression)
  ) {
    return kindOf(expression.getExpression(), source);
  }
  if (
    Node.isArrowFunction(expression) ||
    Node.isFunctionExpression(expression) ||
    Node.isClassExpression(expression)
  )
    return "function";
  if (Node.isObjectLiteralExpression(expression) || Node.isLiteralExpression(expression))
    return "data";
  if (!Node.isIdentifier(expression)) return "value";
  const name = expression.getText();
  if (source.getFunction(name) ?? source.getClass(name)) return "function";
  const initializer = source.getVariableDeclaration(name)?.getInitializer();
  return initializer && !Node.isIdentifier(initializer) ? kindOf(initializer, source) : "value";
}

/** Imports that exist when the file runs, except of Node's own modules. */
function valueImports(
  source: SourceFile,
): { readonly from: string; readonly names: readonly string[] }[] {
  const imported = source
    .getImportDeclarations()
    .filter((declaration) => !declaration.isTypeOnly())
    .map((declaration) => ({
      from: declaration.getModuleSpecifierValue(),
      names: [
        ...declaration
          .getNamedImports()
          .filter((name) => !name.isTypeOnly())
          .map((name) => name.getName()),
        ...(declaration.getNamespaceImport() ? ["*"] : []),
      ],
    }));
  const reexported = source
    .getExportDeclarations()
    .flatMap((declaration) => declaration.getModuleSpecifierValue() ?? []);
  const required = [
    ...source.getFullText().matchAll(/\brequire\(\s*["']([^"']+)["']\s*\)/g),
  ].flatMap(([, from]) => from ?? []);
  return [
    ...imported,
    ...[...reexported, ...required].map((from) => ({ from, names: ["*"] })),
  ].filter(({ from }) => !isBuiltin(from));
}

/**
 * Walks the compiler's own nodes: wrapping each node would take most of the time of
 * reading a large folder.
 */
function declarations(source: ts.SourceFile): Pick<FileFacts, "dags" | "tasks" | "branches"> {
  const dags: FileFacts["dags"][number][] = [];
  const tasks: FileFacts["tasks"][number][] = [];
  const branches: FileFacts["branches"][number][] = [];
  let group: Declared["id"] | null = null;
  let atImport = true;
  const visit = (node: ts.Node): void => {
    const around = { group, atImport };
    if (ts.isFunctionLike(node)) atImport = false;
    if (ts.isCallExpression(node)) {
      const id = declaredId(node.arguments[0]);
      const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
      const callee = node.expression;
      if (id !== undefined && ts.isIdentifier(callee) && callee.text === "dag")
        dags.push({ id, line, variable: variableOf(node), atImport });
      if (id !== undefined && ts.isPropertyAccessExpression(callee)) {
        const owner = ts.isIdentifier(callee.expression) ? callee.expression.text : "";
        if (DECLARING.includes(callee.name.text)) tasks.push({ id, line, owner, group });
        if (callee.name.text === "group") group = id;
        if (callee.name.text === "branch")
          branches.push({ id, line, choices: choicesOf(node, source) });
        if (callee.name.text === "dag")
          dags.push({ id, line, variable: variableOf(node), atImport });
      }
    }
    ts.forEachChild(node, visit);
    ({ group, atImport } = around);
  };
  visit(source);
  return { dags, tasks, branches };
}

function declaredId(argument: ts.Node | undefined): string | RegExp | undefined {
  if (argument === undefined) return undefined;
  if (ts.isStringLiteralLike(argument)) return argument.text;
  if (!ts.isTemplateExpression(argument)) return undefined;
  const texts = [argument.head.text, ...argument.templateSpans.map((span) => span.literal.text)];
  return new RegExp(`^${texts.map(escapeRegExp).join(".+")}$`);
}

function variableOf(call: ts.Node): string | null {
  return call.parent && ts.isVariableDeclaration(call.parent) && ts.isIdentifier(call.parent.name)
    ? call.parent.name.text
    : null;
}

/**
 * Where the DAG `dagId` is declared in the file; null when its id is computed in a way
 * that the text does not show.
 */
export function dagPosition(file: string, facts: FileFacts, dagId: string): Position | null {
  const declared = best(facts.dags, dagId);
  return declared ? { file, line: declared.line } : null;
}

/**
 * Where the tasks of a DAG are declared. Two DAGs of one file may have tasks of the same
 * id; the variable distinguishes them.
 */
export function taskPositions(
  file: string,
  facts: FileFacts,
  spec: DagSpec,
): Readonly<Record<string, Position>> {
  const variable = best(facts.dags, spec.dagId)?.variable;
  const own = facts.tasks.filter((task) => task.owner === variable);
  return Object.fromEntries(
    spec.tasks.flatMap(({ taskId, group }) => {
      // In a group, the text has the id without those of the groups around it.
      const localId =
        group !== undefined && taskId.startsWith(`${group}.`)
          ? taskId.slice(group.length + 1)
          : taskId;
      const beside = facts.tasks.filter((task) => isIn(task.group, group));
      const declared = best(beside, localId) ?? best(own, localId) ?? best(facts.tasks, localId);
      return declared ? [[taskId, { file, line: declared.line }]] : [];
    }),
  );
}

/**
 * Whether a group in the text is a group of the spec, whose id includes those of the
 * groups around it.
 */
function isIn(found: Declared["id"] | null, group: string | undefined): boolean {
  if (found === null || group === undefined) return false;
  if (typeof found === "string") return group === found || group.endsWith(`.${found}`);
  return group.split(".").some((_, index, parts) => found.test(parts.slice(index).join(".")));
}

/** A literal id is found before a template that would also match it. */
function best<D extends Declared>(declared: readonly D[], id: string): D | undefined {
  return (
    declared.find((one) => one.id === id) ??
    declared.find((one) => one.id instanceof RegExp && one.id.test(id))
  );
}
