/** What dbt did with each node of its project, from its file `run_results.json`. */
import { readFile } from "node:fs/promises";

/**
 * One model, test, seed or snapshot.
 * @example const slow = results.filter(({ seconds }: DbtNode) => seconds > 60);
 */
export type DbtNode = {
  /** Its id in dbt, such as `model.taxi.trips`. */
  readonly node: string;
  /** As dbt says it: `success`, `error`, `pass`, `fail`, `warn`, `skipped`. */
  readonly status: string;
  readonly seconds: number;
  /** What dbt says of it; null when it says nothing. */
  readonly message: string | null;
};

interface RunResults {
  readonly results: readonly {
    readonly unique_id: string;
    readonly status: string;
    readonly execution_time: number;
    readonly message: string | null;
  }[];
}

/** An empty list when dbt ended before its first node. */
export async function readResults(path: string): Promise<readonly DbtNode[]> {
  const text = await readFile(path, "utf8").catch(() => null);
  if (text === null) return [];
  return (JSON.parse(text) as RunResults).results.map(
    ({ unique_id: node, status, execution_time: seconds, message }) => ({
      ...{ node, status, seconds, message: message === null ? null : String(message) },
    }),
  );
}

const NAMED = 10;

/** A failed test is a fault of the data; a model that cannot be built hides its tests. */
export function failureCode(results: readonly DbtNode[]): string {
  if (results.some(({ status }) => status === "error")) return "DBT_NODES_FAILED";
  return results.some(({ status }) => status === "fail") ? "DBT_TESTS_FAILED" : "DBT_FAILED";
}

/** Why dbt failed, in one sentence: failed tests apart from failed models. */
export function failureText(results: readonly DbtNode[], lastLines: readonly string[]): string {
  const tests = results.filter(({ status }) => status === "fail");
  const errors = results.filter(({ status }) => status === "error");
  const parts = [...counted(errors, "cannot be built"), ...counted(tests, "did not pass")];
  return parts.length > 0 ? parts.join(" ") : `dbt failed:\n${lastLines.join("\n")}`;
}

function counted(nodes: readonly DbtNode[], what: string): readonly string[] {
  if (nodes.length === 0) return [];
  const named = nodes
    .slice(0, NAMED)
    .map(({ node, message }) => `${node} (${message ?? "no reason given"})`);
  const more = nodes.length > NAMED ? ` and ${nodes.length - NAMED} more` : "";
  return [`${nodes.length} of its nodes ${what}: ${named.join(", ")}${more}.`];
}
