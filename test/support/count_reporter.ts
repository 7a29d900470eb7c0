/**
 * Ends the output of a test run with one line that a program can read: `12 passed, 0
 * failed`, or `12 passed, 0 failed, 1 skipped`. Each test that was skipped for a reason
 * has a line before it: `skipped: <test>: <reason>`.
 */
import type { Reporter, TestCase, TestModule } from "vitest/node";

export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string): number => tests.filter((test) => stateOf(test) === state).length;
    // A file that does not load, and an error between tests, fail the run but no test.
    const broken =
      modules.filter((module) => module.errors().length > 0).length + unhandledErrors.length;
    const skipped = count("skipped");
    const lines = [
      ...tests.flatMap(skipLine),
      `${count("passed")} passed, ${count("failed") + broken} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`,
    ];
    // On exit, so that these lines come after the output of all other reporters.
    process.on("exit", () => process.stdout.write(`${lines.join("\n")}\n`));
  }
}

function stateOf(test: TestCase): string {
  return test.result().state;
}

/** One line for a test that named its reason; none for others. */
function skipLine(test: TestCase): string[] {
  const result = test.result();
  if (result.state !== "skipped" || result.note === undefined) return [];
  return [`skipped: ${test.fullName}: ${result.note}`];
}
