/**
 * Turns a failed inspection into an import error: its code, its message, and its place in
 * the user's files. The original stack names sources by their full path, and continues in
 * Node and this runtime; users need neither.
 */
import { isAbsolute, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { DagsmithError } from "../../sdk/errors.ts";
import type { Position } from "../../sdk/spec/index.ts";
import type { InspectFailure } from "../child/inspect.ts";
import type { Bundle } from "./bundle.ts";
import type { Outcome, ProcessLimits } from "./inspector-process.ts";
import { escapeRegExp } from "./text.ts";
import { type ImportError, importError } from "./version.ts";

type Failure = Exclude<Outcome, { readonly type: "described" }>;

/** The import error of a bundle that could not be inspected. */
export function failureError(bundle: Bundle, failure: Failure, limits: ProcessLimits): ImportError {
  const { file } = bundle;
  switch (failure.type) {
    case "timeout":
      return importError(
        file,
        new DagsmithError("IMPORT_TIMEOUT", { file, seconds: limits.timeLimitMs / 1000 }),
        null,
      );
    case "memory":
      return importError(
        file,
        new DagsmithError("IMPORT_MEMORY", { file, megabytes: limits.memoryLimitMegabytes }),
        null,
      );
    case "exited":
      return importError(
        file,
        new DagsmithError("IMPORT_EXITED", { file, how: failure.how }),
        null,
      );
    case "garbled":
      return importError(
        file,
        new DagsmithError("INVALID_IMPORT_MESSAGE", { file, problem: failure.problem }),
        null,
      );
    case "failed":
      return thrownError(bundle, failure, limits.folder);
  }
}

function thrownError(bundle: Bundle, failure: InspectFailure, folder: string): ImportError {
  const { file } = bundle;
  if (failure.code === "IMPORT_UNSETTLED")
    return importError(file, new DagsmithError("IMPORT_UNSETTLED", { file }), null);
  const stack = failure.stack === null ? null : readableStack(failure.stack, bundle, folder);
  const at = firstUserPlace(bundle, stack) ?? linkPlace(bundle, failure.reason);
  const place = at ? `${at.file}:${at.line}` : file;
  // Errors with our codes are complete; the message of any other error is quoted.
  const message =
    failure.code === "IMPORT_FAILED"
      ? new DagsmithError("IMPORT_FAILED", { file: place, reason: failure.reason }).message
      : failure.reason;
  return { file, line: at?.file === file ? at.line : null, at, code: failure.code, message, stack };
}

/**
 * A place in a stack: `at name (path:line:column)`, or without a name
 * `at path:line:column`. A path may itself contain brackets.
 */
const NAMED_FRAME = /^(?<before>\s+at .*? \()(?<path>.+):(?<line>\d+):(?<column>\d+)\)$/;
const BARE_FRAME = /^(?<before>\s+at (?:async )?)(?<path>.+):(?<line>\d+):(?<column>\d+)$/;

function frameOf(line: string):
  | {
      readonly before: string;
      readonly path: string;
      readonly line: string;
      readonly column: string;
    }
  | undefined {
  const {
    before,
    path,
    line: at,
    column,
  } = (NAMED_FRAME.exec(line) ?? BARE_FRAME.exec(line))?.groups ?? {};
  return before && path && at && column ? { before, path, line: at, column } : undefined;
}

/** The message, and the frames in user code, with paths relative to the DAG folder. */
function readableStack(stack: string, bundle: Bundle, folder: string): string {
  const lines = stack.split("\n").flatMap((line) => {
    const frame = frameOf(line);
    if (!frame) return /^\s+at /.test(line) ? [] : [line];
    if (frame.path.startsWith("node:") || isOurs(frame.path)) return [];
    const end = frame.before.endsWith("(") ? ")" : "";
    return [
      `${frame.before}${relativePath(frame.path, bundle, folder)}:${frame.line}:${frame.column}${end}`,
    ];
  });
  return lines.join("\n");
}

/**
 * The package's own folder. In a build, the source maps of our modules point from dist to
 * the folder next to it.
 */
const OUR_ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/[\\/](dist[\\/])?$/, "");

function isOurs(path: string): boolean {
  return ["sdk", "runtime", "dist"].some((room) =>
    pathOf(path).startsWith(join(OUR_ROOT, room) + sep),
  );
}

function pathOf(path: string): string {
  return path.startsWith("file://") ? fileURLToPath(path) : path;
}

/** Node leaves some characters of a mapped path, such as #, escaped as in its URL. */
function relativePath(path: string, { inputs }: Bundle, folder: string): string {
  const plain = pathOf(path);
  if (!isAbsolute(plain)) return plain;
  const relativeToFolder = relative(folder, plain).split(sep).join("/");
  return (
    inputs.find((input) => input === relativeToFolder || input === unescaped(relativeToFolder)) ??
    relativeToFolder
  );
}

function unescaped(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/**
 * The innermost frame in a file of the project; lines of a package do not help to find
 * the call.
 */
function firstUserPlace({ inputs }: Bundle, stack: string | null): Position | null {
  for (const line of stack?.split("\n") ?? []) {
    const frame = frameOf(line);
    if (frame && inputs.includes(frame.path) && !frame.path.includes("node_modules/"))
      return { file: frame.path, line: Number(frame.line) };
  }
  return null;
}

/**
 * An import of a name that a module does not export fails before any line runs, so no
 * stack names it. The sources show it.
 */
function linkPlace(bundle: Bundle, reason: string): Position | null {
  const { module, name } =
    /requested module '(?<module>.+)' does not provide an export named '(?<name>.+)'/.exec(reason)
      ?.groups ?? {};
  if (module === undefined || name === undefined) return null;
  const importing = new RegExp(
    `import\\b[^;"']*?(?<name>\\b${escapeRegExp(name)}\\b)[^;"']*?["']${escapeRegExp(module)}["']`,
    "d",
  );
  const map = JSON.parse(bundle.sourceMap.toString()) as {
    readonly sources: readonly string[];
    readonly sourcesContent: readonly string[];
  };
  for (const [index, file] of map.sources.entries()) {
    const text = map.sourcesContent[index] ?? "";
    const start = importing.exec(text)?.indices?.groups?.name?.[0];
    if (start !== undefined) return { file, line: text.slice(0, start).split("\n").length };
  }
  return null;
}
