/**
 * The results of the bundler as plain values: a version of a DAG, and the errors of a
 * file. They do not know how the store keeps them.
 */
import { createHash } from "node:crypto";
import { DagsmithError, type ErrorCode } from "../../sdk/errors.ts";
import { type DagSpec, type Position, SPEC_FORMAT } from "../../sdk/spec/index.ts";
import { compareText } from "./text.ts";

/**
 * A DAG at one moment: the code that runs, and the graph that this code describes.
 * {@link versionHash} identifies it: the same code in the same place relative to its
 * folder has the same hash on every machine.
 */
export interface DagVersion {
  readonly dagId: string;
  /**
   * Hex SHA-256 over the bundle, the DAG id and the format of specs. An edit that changes
   * only comments or layout keeps it.
   */
  readonly versionHash: string;
  /** Hex SHA-256 of {@link code}; several DAGs of one file share it. */
  readonly bundleHash: string;
  /** Relative to the DAG folder, with forward slashes. */
  readonly file: string;
  readonly spec: DagSpec;
  /** Where the DAG is declared; null when its id is computed. */
  readonly position: Position | null;
  /**
   * Task id to the place of its declaration, for tasks whose id is in the DAG file as a
   * literal or a template.
   */
  readonly positions: Readonly<Record<string, Position>>;
  /**
   * The files from which the bundle was built, the DAG file among them, relative to the
   * DAG folder.
   */
  readonly imports: readonly string[];
  /** The folders that are part of it. */
  readonly folders: readonly { readonly hash: string; readonly archive: Buffer }[];
  readonly code: Buffer;
  /** Names its sources relative to the DAG folder, and contains their text. */
  readonly sourceMap: Buffer;
}

/** Why a file gives no DAG. Its last good version stays current. */
export interface ImportError {
  /** The DAG file, relative to the DAG folder. */
  readonly file: string;
  /**
   * The line of {@link file} to look at. Null when it is unknown, or in a file that this
   * one imports (see {@link at}).
   */
  readonly line: number | null;
  /** The place of the error, which may be in an imported file. */
  readonly at: Position | null;
  readonly code: ErrorCode;
  readonly message: string;
  /** Names the source files, not the bundle. */
  readonly stack: string | null;
}

/** Code that works but will surprise. */
export interface ImportWarning {
  readonly file: string;
  readonly line: number | null;
  readonly code:
    | "WORK_AT_IMPORT"
    | "ENVIRONMENT_AT_IMPORT"
    | "BUNDLE_LOCATION"
    | "EXPORTS_A_FUNCTION"
    | "NO_DEFAULT_EXPORT"
    | "NOT_EXPORTED"
    | "COMMONJS_FILE"
    | "MODULE_STATE"
    | "SLOW_IMPORT"
    | "RULE_WITHOUT_UPSTREAM"
    | "NEVER_RUNS"
    | "UNKNOWN_BRANCH"
    | "BUNDLER"
    | "PACKAGE_FILES"
    | "ASSET_WITHOUT_PRODUCER"
    | "ASSET_LOOP"
    | "UNKNOWN_HEARD_DAG"
    | "EVENT_LOOP"
    | "UNKNOWN_CALLED_DAG";
  readonly message: string;
}

/** Hex SHA-256. */
export function contentHash(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

/** The hash of a DAG's version: its bundle, and which of its DAGs. */
export function versionHash(bundleHash: string, dagId: string): string {
  return contentHash(`${bundleHash}\n${dagId}\n${SPEC_FORMAT}`);
}

/** An {@link ImportError} from an error with our code, with the place that it names. */
export function importError(
  file: string,
  error: DagsmithError,
  at: Position | null,
  stack: string | null = null,
): ImportError {
  return {
    file,
    line: at?.file === file ? at.line : null,
    at,
    code: error.code,
    message: error.message,
    stack,
  };
}

/** A place as `file:line`, which editors open. */
function scopeOf({ file, line }: Position): string {
  return `${file}:${line}`;
}

/**
 * Keeps one version for each DAG id, the one whose file comes first by path, so that
 * adding a file never changes what runs.
 * @returns an error (DUPLICATE_DAG_ID, with both places) for each version that was left
 *   out
 */
export function refuseDuplicates(versions: readonly DagVersion[]): {
  readonly versions: readonly DagVersion[];
  readonly errors: readonly ImportError[];
} {
  const kept = new Map<string, DagVersion>();
  const errors: ImportError[] = [];
  for (const version of versions.toSorted((a, b) => compareText(a.file, b.file))) {
    const first = kept.get(version.dagId);
    if (first) errors.push(duplicateError(first, version));
    else kept.set(version.dagId, version);
  }
  return { versions: [...kept.values()], errors };
}

function duplicateError(first: DagVersion, second: DagVersion): ImportError {
  const place = (version: DagVersion): string =>
    version.position ? scopeOf(version.position) : version.file;
  const error = new DagsmithError("DUPLICATE_DAG_ID", {
    dag: second.dagId,
    first: place(first),
    second: place(second),
  });
  return importError(second.file, error, second.position);
}
