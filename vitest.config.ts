import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/support/longest_first.ts";
import { textModules } from "./test/support/text_modules.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  plugins: [textModules],
  resolve: {
    alias: [
      { find: /^dagsmith$/, replacement: here("./sdk/index.ts") },
      { find: /^dagsmith\/testing$/, replacement: here("./runtime/testing/index.ts") },
      { find: /^dagsmith\/plugins\/(.*)$/, replacement: here("./plugins/$1/index.ts") },
    ],
  },
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/global_setup.ts"],
    // For tests that hang. A wait for a condition ends sooner, and says which one did not
    // hold.
    testTimeout: 180_000,
    hookTimeout: 120_000,
    sequence: { sequencer: LongestFirst },
    restoreMocks: true,
    unstubEnvs: true,
    // Most of a test is waiting, for processes and sockets: three files at once suit two
    // cores, where vitest would take one.
    maxWorkers: availableParallelism() + 1,
  },
});
