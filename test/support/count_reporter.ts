/** Ends the output of a test run with one line that a program can read: `12 passed, 0 failed`. */
import type { Reporter, TestModule } from "vitest/node";

export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const passed = tests.filter((test) => test.result().state === "passed").length;
    const failed = tests.filter((test) => test.result().state === "failed").length;
    // A file that does not load, and an error between tests, have no test of their own to fail.
    const broken =
      modules.filter((module) => module.errors().length > 0).length + unhandledErrors.length;
    // Behind whatever the other reporters still have to say at the end of the run.
    process.on("exit", () => process.stdout.write(`${passed} passed, ${failed + broken} failed\n`));
  }
}
