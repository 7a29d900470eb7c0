/** What the compiler says of a misspelt option, in the words that an editor shows. */
import { resolve } from "node:path";
import { Project, ts } from "ts-morph";
import { beforeAll, expect, it } from "vitest";

const MISSPELT = [
  ['dag("e", { scheduel: "@daily" })', "schedule"],
  ['d.task("t", { retrie: 1 }, work)', "retries"],
  ['d.task("t", { inputs: { a }, retrie: 1 }, work)', "retries"],
  ['d.task("t", { input: { a } }, work)', "inputs"],
  ['d.task("t", { each: [1], maxActiv: 1 }, work)', "maxActive"],
  ['d.task("t", { retries: 1, retryDelya: "5m" }, work)', "retryDelay"],
  ['d.task("t", { triggerRule: "all_don" }, work)', "all_done"],
  ['d.sensor("t", { intervall: "5m" }, () => true)', "interval"],
  ['d.sensor("t", { each: [1], intervall: "5m" }, () => true)', "interval"],
  ['d.setup("t", { retrie: 1 }, work)', "retries"],
  ['d.teardown("t", { setup: a }, work)', "setups"],
  ['d.branch("t", { retrie: 1 }, () => null)', "retries"],
  ['d.switch("t", { case: { a } }, () => null)', "cases"],
  ['d.shortCircuit("t", { retrie: 1 }, work)', "retries"],
  ['d.loop("t", { initial: 0, until, maxIteration: 2 }, work)', "maxIterations"],
  ['d.empty("t", { retrie: 1 })', "retries"],
  ['d.latestOnly("t", { retrie: 1 })', "retries"],
  ['d.group("g", { retrie: 1 }, (g) => g.empty("t"))', "retries"],
  ['d.group("g", { each: [1], maxActiv: 1 }, (g) => g.empty("t"))', "maxActive"],
  ['d.group("g", { loop: { initial: 0, until, maxIteration: 2 } }, next)', "maxIterations"],
] as const;
const PRELUDE = `import { dag, type GroupBuilder, type TaskRef } from "./index.ts";
const d = dag("d");
const a = d.empty("a");
const work = () => 1;
const until = () => true;
const next = (g: GroupBuilder<unknown, number>): TaskRef<number> => g.task("t", work);
`;

/** The compiler's messages, by the position of the line in the table. */
let messages: Readonly<Record<number, readonly string[]>>;
beforeAll(() => {
  const project = new Project({
    tsConfigFilePath: "tsconfig.json",
    skipAddingFilesFromTsConfig: true,
  });
  const text = PRELUDE + MISSPELT.map(([line]) => `${line};\n`).join("");
  const file = project.createSourceFile(resolve("sdk/misspelt.ts"), text);
  const found = file.getPreEmitDiagnostics().map(({ compilerObject: { start, messageText } }) => ({
    line: text.slice(PRELUDE.length, start).split("\n").length - 1,
    message: ts.flattenDiagnosticMessageText(messageText, "\n"),
  }));
  messages = Object.fromEntries(
    MISSPELT.map((_, at) => [
      at,
      found.filter(({ line }) => line === at).map(({ message }) => message),
    ]),
  );
}, 60_000);

it.each(MISSPELT)("%s: did you mean %s?", (line, meant) => {
  const found = messages[MISSPELT.findIndex(([other]) => other === line)];
  expect(found?.join("\n")).toMatch(new RegExp(`Did you mean (to write )?'"?${meant}"?'`));
});
