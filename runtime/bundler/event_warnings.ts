/**
 * Warnings about events that need all DAGs of a folder: DAGs that wait for runs of a
 * missing DAG, and DAGs that wait for each other in a circle.
 */
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

/**
 * The circle back to a DAG, in the order in which runs would follow each other; null when
 * there is none.
 */
function circleFrom(
  start: string,
  awaited: ReadonlyMap<string, readonly string[]>,
): readonly string[] | null {
  const ways = (awaited.get(start) ?? []).map((next) => [next, start]);
  const seen = new Set<string>();
  for (const way of ways) {
    const [first = ""] = way;
    if (first === start) return way;
    if (seen.has(first)) continue;
    seen.add(first);
    ways.push(...(awaited.get(first) ?? []).map((next) => [next, ...way]));
  }
  return null;
}
