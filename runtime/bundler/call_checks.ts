/** Checks of calls that need all DAGs of a folder: circles, and DAGs that are missing. */
import { DagsmithError } from "../../sdk/errors.ts";
import { circleFrom } from "./circle.ts";
import { type DagVersion, type ImportError, type ImportWarning, importError } from "./version.ts";

/**
 * Leaves out the DAGs that call themselves, through others or not: their runs would never
 * end.
 * @returns an error (CALL_CIRCLE, naming the path) for each of them
 */
export function refuseCallCircles(versions: readonly DagVersion[]): {
  readonly versions: readonly DagVersion[];
  readonly errors: readonly ImportError[];
} {
  const called = new Map(versions.map((version) => [version.dagId, calledBy(version)]));
  const errors = new Map(
    versions.flatMap((version) => {
      const circle = circleFrom(version.dagId, called)?.toReversed();
      return circle ? [[version, circleError(version, circle.join(" -> "))] as const] : [];
    }),
  );
  if (errors.size === 0) return { versions, errors: [] };
  return { versions: versions.filter((one) => !errors.has(one)), errors: [...errors.values()] };
}

function circleError({ dagId: dag, file, position }: DagVersion, path: string): ImportError {
  return importError(file, new DagsmithError("CALL_CIRCLE", { dag, path }), position);
}

/** A DAG of another folder may be deployed, so this is no error. */
export function callWarnings(versions: readonly DagVersion[]): readonly ImportWarning[] {
  const known = new Set(versions.map(({ dagId }) => dagId));
  return versions.flatMap((version) =>
    calledBy(version)
      .filter((called) => !known.has(called))
      .map((called) => ({
        file: version.file,
        line: version.position?.line ?? null,
        code: "UNKNOWN_CALLED_DAG" as const,
        message: `DAG "${version.dagId}" calls "${called}", which no file of this folder declares.`,
      })),
  );
}

function calledBy({ spec }: DagVersion): readonly string[] {
  return [...new Set(spec.tasks.flatMap(({ call }) => call?.dagId ?? []))];
}
