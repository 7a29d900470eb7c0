/** What "dagsmith" exports. A name that is added or goes is a promise made or broken, so it is written down here too. */

import { readFileSync } from "node:fs";
import * as dagsmith from "dagsmith";
import { ts } from "ts-morph";
import { expect, it } from "vitest";

const VALUES = [
  "CRON_PRESETS",
  "Dag",
  "DagsmithError",
  "FailTask",
  "Items",
  "LazyRef",
  "MappedItems",
  "SkipTask",
  "Sql",
  "TaskGroup",
  "TaskRef",
  "chain",
  "concat",
  "cron",
  "cross",
  "dag",
  "defineHook",
  "durationMs",
  "entries",
  "events",
  "every",
  "identifier",
  "isDag",
  "isDagsmithError",
  "joinSql",
  "lazy",
  "over",
  "parseConnection",
  "partial",
  "partitioned",
  "resolveField",
  "sql",
  "sqlFromTemplate",
  "trigger",
  "zip",
];
const TYPES = [
  "BranchChoice",
  "CalendarDuration",
  "Catchup",
  "Connection",
  "DagOptions",
  "DataInterval",
  "Duration",
  "Each",
  "ErrorCode",
  "EveryRule",
  "FromContext",
  "GroupOptions",
  "HookContext",
  "HookDefinition",
  "HookRef",
  "InputRefs",
  "InputValues",
  "ItemOf",
  "ItemSource",
  "JitterOptions",
  "Json",
  "JsonOutput",
  "LazyList",
  "LoopContext",
  "LoopOptions",
  "MappedTaskOptions",
  "NotJson",
  "OutputOf",
  "ParamsSchema",
  "PartitionOptions",
  "RateLimit",
  "RoutingOptions",
  "RuleDefaults",
  "Schedule",
  "ScheduleRule",
  "Schedules",
  "ShortCircuitOptions",
  "SqlValue",
  "SwitchOptions",
  "TaskBody",
  "TaskContext",
  "TaskDates",
  "TaskDefaults",
  "TaskLog",
  "TaskOptions",
  "TeardownOptions",
  "TickOptions",
  "TriggerOptions",
  "TriggerRule",
  "WeightRule",
  "Wirable",
  "XCom",
];

it("the values that dagsmith exports are these", () => {
  expect(Object.keys(dagsmith).sort()).toEqual(VALUES);
});

it("the types that dagsmith exports are these besides", () => {
  const source = ts.createSourceFile("index.ts", readFileSync("sdk/index.ts", "utf8"), ts.ScriptTarget.Latest);
  const names = source.statements.flatMap((statement) =>
    ts.isExportDeclaration(statement) && statement.exportClause && ts.isNamedExports(statement.exportClause)
      ? statement.exportClause.elements.map(({ name }) => name.text)
      : ["something that is not a list of names"],
  );
  expect(names.sort()).toEqual([...VALUES, ...TYPES].sort());
});
