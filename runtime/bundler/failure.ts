/**
 * How an inspection failed, as people read it: which code, what happened, and where in the files they wrote. The stack that arrives
 * names sources by their full path, and goes on into Node and this runtime; neither is of use to them.
 */
import { SourceMap, type SourceMapPayload } from "node:module";
import { isAbsolute, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { DagsmithError } from "../../sdk/errors.ts";
import type { Position } from "../../sdk/spec.ts";
import type { InspectFailure } from "../child/inspect.ts";
import type { Bundle } from "./bundle.ts";
import type { Outcome, ProcessLimits } from "./inspector-process.ts";
import { type ImportError, importError } from "./version.ts";

type Failure = Exclude<Outcome, { readonly type: "described" }>;

/** The import error of a bundle that could not be inspected. */
export function failureError(bundle: Bundle, failure: Failure, limits: ProcessLimits): ImportError {
  const { file } = bundle;
  switch (failure.type) {
    case "timeout":
      return importError(file, new DagsmithError("IMPORT_TIMEOUT", { file, seconds: limits.timeLimitMs / 1000 }), null);
    case "memory":
      return importError(file, new DagsmithError("IMPORT_MEMORY", { file, megabytes: limits.memoryLimitMegabytes }), null);
    case "exited":
      return importError(file, new DagsmithError("IMPORT_EXITED", { file, how: failure.how }), null);
    case "failed":
      return thrownError(bundle, failure, limits.folder);
  }
}

function thrownError(bundle: Bundle, failure: InspectFailure, folder: string): ImportError {
  const { file } = bundle;
  if (failure.code === "IMPORT_UNSETTLED") return importError(file, new DagsmithError("IMPORT_UNSETTLED", { file }), null);
  const stack = failure.stack === null ? null : readableStack(failure.stack, folder);
  const at = firstUserPlace(bundle, stack) ?? linkPlace(bundle, failure.stack);
  const place = at ? `${at.file}:${at.line}` : file;
  // Errors of ours say by themselves what is wrong; everything else is quoted.
  const message =
    failure.code === "IMPORT_FAILED" ? new DagsmithError("IMPORT_FAILED", { file: place, reason: failure.reason }).message : failure.reason;
  return { file, line: at?.file === file ? at.line : null, at, code: failure.code, message, stack };
}

const FRAME = /^(?<before>\s+at (?:.*\()?)(?<path>(?:file:\/\/)?\/?[^()]+?):(?<line>\d+):(?<column>\d+)\)?$/;

/** The message, and the frames that lie in user code, with paths relative to the DAG folder. */
function readableStack(stack: string, folder: string): string {
  const lines = stack.split("\n").flatMap((line) => {
    const { before = "", path = "", line: at, column } = FRAME.exec(line)?.groups ?? {};
    if (at === undefined) return /^\s+at /.test(line) ? [] : [line];
    if (path.startsWith("node:") || isOurs(path)) return [];
    return [`${before}${relativePath(path, folder)}:${at}:${column}${before.endsWith("(") ? ")" : ""}`];
  });
  return lines.join("\n");
}

/** The package's own folder; from a build, the maps of our modules lead from dist back to beside it. */
const OUR_ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/[\\/](dist[\\/])?$/, "");

function isOurs(path: string): boolean {
  return ["sdk", "runtime", "dist"].some((room) => pathOf(path).startsWith(join(OUR_ROOT, room) + sep));
}

function pathOf(path: string): string {
  return path.startsWith("file://") ? fileURLToPath(path) : path;
}

function relativePath(path: string, folder: string): string {
  const plain = pathOf(path);
  return isAbsolute(plain) ? relative(folder, plain).split(sep).join("/") : plain;
}

/** The innermost frame in a file of the project; a package's own lines help nobody to find the call. */
function firstUserPlace({ inputs }: Bundle, stack: string | null): Position | null {
  for (const line of stack?.split("\n") ?? []) {
    const { path = "", line: at } = FRAME.exec(line)?.groups ?? {};
    if (inputs.includes(path) && !path.includes("node_modules/")) return { file: path, line: Number(at) };
  }
  return null;
}

/** An import of a name that a module does not export fails before any line runs: Node names the bundle's line, not yet mapped. */
function linkPlace(bundle: Bundle, stack: string | null): Position | null {
  const line = /^file:\/\/.*\/bundle\.mjs:(\d+)$/m.exec(stack ?? "")?.[1];
  if (line === undefined) return null;
  const map = new SourceMap(JSON.parse(bundle.sourceMap.toString()) as SourceMapPayload);
  const entry = map.findEntry(Number(line) - 1, 0);
  return "originalSource" in entry ? { file: entry.originalSource, line: entry.originalLine + 1 } : null;
}
