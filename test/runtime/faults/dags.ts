/**
 * The DAG files of the fault tests, as text: what their tasks leave in the diary tells
 * which tries ran, and how often.
 */
import { expect } from "vitest";
import { GATE_CODE } from "../../support/gate.ts";

/** One task that says its process, waits at the gate, and ends. */
export const waiting = (id: string): string => `
import { dag } from "dagsmith";
${GATE_CODE}
const d = dag("${id}", { maxActiveRuns: 50 });
d.task("waits", async ({ tryNumber, runId }) => {
  note(\`start \${runId} \${tryNumber} \${process.pid}\`);
  await gate();
  note(\`done \${runId} \${tryNumber}\`);
  return tryNumber;
});
export default d;
`;

/** Many tasks side by side, and one after them all. */
export const wide = (id: string, count: number, ms: number): string => `
import { chain, dag } from "dagsmith";
${GATE_CODE}
const d = dag("${id}");
const each = d.task("each", { each: [...Array(${count}).keys()] }, async ({ mapIndex, tryNumber }) => {
  note(\`start \${mapIndex} \${tryNumber}\`);
  await new Promise((resolve) => setTimeout(resolve, ${ms}));
  note(\`done \${mapIndex} \${tryNumber}\`);
  return mapIndex;
});
chain(each, d.task("after", async () => note("after")));
export default d;
`;

/** Days of runs without work, and days of runs with one task each. */
export const daily = (id: string, startDate: string, task: boolean): string => `
import { dag } from "dagsmith";
${GATE_CODE}
const d = dag("${id}", { schedule: "@daily", startDate: "${startDate}", catchup: true });
${task ? `d.task("a", async ({ dagId, runId, tryNumber }) => note(\`start \${dagId}/\${runId} \${tryNumber}\`));` : 'd.empty("a");'}
export default d;
`;

/**
 * Every try started once at most, and every instance ended once in the try that counts.
 */
export function expectEachOnce(
  notes: readonly string[],
  tasks: readonly { readonly mapIndex: number; readonly tryNumber: number }[],
): void {
  const starts = notes.filter((note) => note.startsWith("start "));
  expect(new Set(starts).size, "a try started twice").toBe(starts.length);
  const done = notes.filter((note) => note.startsWith("done "));
  for (const { mapIndex, tryNumber } of tasks)
    expect(done.filter((note) => note === `done ${mapIndex} ${tryNumber}`)).toHaveLength(1);
  expect(notes.filter((note) => note === "after")).toHaveLength(1);
}
