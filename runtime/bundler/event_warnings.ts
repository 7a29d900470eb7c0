/**
 * Warnings about events that need all DAGs of a folder: DAGs that wait for runs of a
 * missing DAG, and DAGs that wait for each other in a circle.
 */
import { circleFrom } from "./circle.ts";
import type { DagVersion, ImportWarning } from "./version.ts";

export function eventWarnings(versions: readonly DagVersion[]): readonly ImportWarning[] {
  const awaited = new Map(versions.map((version) => [version.dagId, runSourcesOf(version)]));
  return versions.flatMap(({ dagId, file, position }) => {
    const at = { file, line: position?.line ?? null };
    const unknown = (awaited.get(dagId) ?? []).filter((other) => !awaited.has(other));
    const circle = circleFrom(dagId, awaited);
    return [
      ...unknown.map((other) => ({
        ...at,
        code: "UNKNOWN_HEARD_DAG" as const,
        message: `DAG "${dagId}" waits for runs of "${other}", which no file of this folder declares.`,
      })),
      ...(circle
        ? [
            {
              ...at,
              code: "EVENT_LOOP" as const,
              message: `DAG "${dagId}" waits for runs that its own runs cause: ${circle.join(" -> ")}. A run that would close the circle is not created.`,
            },
          ]
        : []),
    ];
  });
}

function runSourcesOf({ spec }: DagVersion): readonly string[] {
  return spec.on.flatMap((event) =>
    event.type === "dagRun" ? event.runs.map((run) => run.dagId) : [],
  );
}
