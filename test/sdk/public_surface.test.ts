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
  "SkipTask",
  "Sql",
  "TaskRef",
  "allOf",
  "anyOf",
  "asset",
  "assetAlias",
  "chain",
  "dag",
  "defineHook",
  "durationMs",
  "every",
  "identifier",
  "isDag",
  "isDagsmithError",
  "joinSql",
  "parseConnection",
  "resolveField",
  "sql",
  "sqlFromTemplate",
  "timeOrAssets",
  "trigger",
];
const TYPES = [
  "Asset",
  "AssetAlias",
  "AssetEvent",
  "AssetExpression",
  "AssetSchedule",
  "Catchup",
  "Connection",
  "DagOptions",
  "DataInterval",
  "Duration",
  "ErrorCode",
  "FromContext",
  "HookContext",
  "HookDefinition",
  "HookRef",
  "InputRefs",
  "InputValues",
  "Json",
  "JsonOutput",
  "Lineage",
  "MappedTaskOptions",
  "NotJson",
  "ParamsSchema",
  "RunTrigger",
  "Schedule",
  "ScheduleRule",
  "SqlValue",
  "TaskAssets",
  "TaskBody",
  "TaskContext",
  "TaskDefaults",
  "TaskLog",
  "TaskOptions",
  "TimeOrAssets",
  "TriggerRule",
  "TriggeredBy",
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
