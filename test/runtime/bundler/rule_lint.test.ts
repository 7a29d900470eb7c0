/** What `dag check` says of rules that can never be met, and where. */
import { expect, test } from "vitest";
import { loadFolder } from "../../../runtime/bundler/folder.ts";
import { dagFolder } from "../../support/dag-folder.ts";

async function check(...lines: readonly string[]) {
  const text = [
    'import { chain, dag } from "dagsmith";',
    "const work = () => null;",
    ...lines,
    "export default d;",
  ].join("\n");
  const { warnings, errors } = await loadFolder(await dagFolder({ "a.ts": text }), {
    processes: 1,
  });
  return {
    warnings: warnings.map(({ file, line, code, message }) => `${file}:${line} ${code} ${message}`),
    errors: errors.map(({ line, code }) => [line, code]),
  };
}

const diamond = (declared: string, rule = "all_success"): readonly string[] => [
  'const d = dag("a");',
  'const [left, right] = [d.task("left", work), d.task("right", work)];',
  declared,
  'const after = d.task("after", work);',
  `const join = d.task("join", { triggerRule: "${rule}" }, work);`,
  "chain([left, right], join, after);",
];

test("a task behind both ways of a switch is never reached by one rule, and is by another", async () => {
  const both = 'd.switch("kind", { cases: { one: left, two: right } }, () => "one");';
  expect(await check(...diamond(both))).toEqual({
    warnings: [
      'a.ts:7 NEVER_RUNS Task "join" (all_success) is skipped whichever case "kind" chooses: it waits for tasks that exclude each other. Did you mean triggerRule: "none_failed_min_one_success"?',
    ],
    errors: [],
  });
  for (const rule of ["none_failed_min_one_success", "all_done", "one_success", "always"])
    expect(await check(...diamond(both, rule))).toEqual({ warnings: [], errors: [] });
  expect(
    (
      await check(
        ...diamond('d.switch("kind", { cases: { one: left, both: [left, right] } }, () => "one");'),
      )
    ).warnings,
  ).toEqual([]);
});

test("a task behind two ways of a branch runs only when both are chosen", async () => {
  const { warnings } = await check(
    ...diamond('chain(d.branch("pick", () => left), [left, right]);'),
  );
  expect(warnings).toEqual([
    expect.stringMatching(
      /^a\.ts:7 NEVER_RUNS Task "join" .* is skipped unless "pick" chooses several tasks at once/,
    ),
  ]);
});

test("a literal choice that does not come after its branch is shown where it stands", async () => {
  const { warnings } = await check(
    'const d = dag("a");',
    'const before = d.task("before", work);',
    'const pick = d.branch("pick", { retries: 1 }, ({ logicalDate }) => {',
    '  const unrelated = () => { return "elsewhere"; };',
    '  if (logicalDate.hour > 12) return "nxt";',
    '  if (unrelated() === "") return logicalDate.day > 1 ? ["next", "before"] : ("last");',
    "  return [];",
    "});",
    'chain(before, pick, d.task("next", work), d.task("last", work));',
  );
  expect(warnings).toEqual([
    'a.ts:7 UNKNOWN_BRANCH Branch "pick" chooses "nxt", which is not downstream of it; it would fail. Downstream are: next, last.',
    'a.ts:8 UNKNOWN_BRANCH Branch "pick" chooses "before", which is not downstream of it; it would fail. Downstream are: next, last.',
  ]);
});

test("a rule that looks for something before a task says nothing when nothing is", async () => {
  const { warnings } = await check(
    'const d = dag("a");',
    'd.task("alarm", { triggerRule: "one_failed" }, work);',
    'd.task("tidy", { triggerRule: "all_done" }, work);',
    'd.teardown("down", {}, work);',
    'chain(d.task("work", work), d.task("watcher", { triggerRule: "one_failed" }, work));',
  );
  expect(warnings).toEqual([
    expect.stringMatching(
      /^a\.ts:4 RULE_WITHOUT_UPSTREAM Task "alarm" has the trigger rule one_failed/,
    ),
  ]);
});

test("a rule that a DAG which fails fast does not allow is an error at the DAG", async () => {
  const { errors } = await check(
    'const d = dag("a", { failFast: true });',
    'd.task("a", { triggerRule: "one_failed" }, work);',
  );
  expect(errors).toEqual([[3, "FAIL_FAST_RULE"]]);
});

test("a branch that chooses a task inside a group that runs as one chooses the group, and is not warned of", async () => {
  const lines = (options: string) => [
    'const d = dag("a");',
    `const g = d.group("g", ${options}, (g) => chain(g.task("first", work), g.task("last", work)));`,
    'chain(d.branch("pick", () => "g.last"), [g, d.task("other", work)]);',
  ];
  expect(await check(...lines("{ each: [1] }"))).toEqual({ warnings: [], errors: [] });
  expect(await check(...lines("{}"))).toEqual({ warnings: [], errors: [] });
  const { warnings } = await check(
    ...lines("{ each: [1] }"),
    'd.branch("astray", () => "g.last");',
  );
  expect(warnings).toEqual([
    expect.stringMatching(
      /^a\.ts:6 UNKNOWN_BRANCH Branch "astray" chooses "g\.last", which is not downstream of it/,
    ),
  ]);
});

test("a rule inside a group that runs as one does not see what comes before the group", async () => {
  const { warnings } = await check(
    'const d = dag("a");',
    'const before = d.task("before", work);',
    'd.group("g", { retries: 1 }, (g) => {',
    '  chain(before, g.task("alarm", { triggerRule: "one_failed" }, work));',
    "});",
  );
  expect(warnings).toEqual([
    expect.stringMatching(
      /^a\.ts:6 RULE_WITHOUT_UPSTREAM .*one_failed and no upstream task within group "g".*set the group.s own triggerRule/,
    ),
  ]);
});

test("a list inside a mapped group is refused at the line that says it", async () => {
  const { errors } = await check(
    'const d = dag("a");',
    'd.group("g", { each: [1] }, (g) => {',
    '  g.task("a", work);',
    '  g.task("b", { each: [1] }, work);',
    "});",
  );
  expect(errors).toEqual([[6, "NESTED_MAPPING"]]);
});
