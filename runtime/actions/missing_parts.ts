/** What DAGs name and the deployment lacks. Pure. */
import type { DagSpec } from "../../sdk/spec/index.ts";

interface NamingDag {
  readonly dagId: string;
  readonly spec: DagSpec;
}

/** A name that is not known, and the DAGs that use it. */
export interface Missing {
  readonly name: string;
  readonly dags: readonly string[];
}

/** The pools of tasks. */
export const poolsOf = ({ tasks }: DagSpec): readonly string[] =>
  tasks.flatMap(({ routing }) => routing?.pool ?? []);

/** The connections that a DAG lists, and those of its events. */
export const connectionsOf = ({ connections = [], on }: DagSpec): readonly string[] => [
  ...connections,
  ...on.flatMap((event) => ("connection" in event ? event.connection : [])),
];

export function missingFrom(
  known: readonly string[],
  dags: readonly NamingDag[],
  namesOf: (spec: DagSpec) => readonly string[],
): readonly Missing[] {
  const there = new Set(known);
  const named = dags.flatMap(({ dagId, spec }) =>
    namesOf(spec)
      .filter((name) => !there.has(name))
      .map((name) => ({ name, dagId })),
  );
  return [...Map.groupBy(named, ({ name }) => name)].map(([name, all]) => ({
    name,
    dags: [...new Set(all.map(({ dagId }) => dagId))],
  }));
}
