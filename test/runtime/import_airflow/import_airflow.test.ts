// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the expected TypeScript has them
/** What becomes of Airflow's Python: each kind of line, and a file that has them all. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Project, ts } from "ts-morph";
import { describe, expect, test } from "vitest";
import { importAirflowFile } from "../../../runtime/import_airflow/import_file.ts";
import fc from "../../support/fast_check.ts";

const IMPORTS = `
import os
from datetime import datetime, timedelta
import pendulum
from airflow import DAG, Dataset
from airflow.decorators import dag, task, task_group
from airflow.models import Variable
from airflow.models.baseoperator import chain, cross_downstream
from airflow.operators.bash import BashOperator
from airflow.operators.empty import EmptyOperator
from airflow.operators.python import BranchPythonOperator, PythonOperator, ShortCircuitOperator
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.sensors.filesystem import FileSensor
from airflow.timetables.trigger import CronTriggerTimetable
from airflow.utils.task_group import TaskGroup
`;

/** The one DAG of a file. */
function imported(python: string, imports = IMPORTS) {
  const { dags, notes } = importAirflowFile(`${imports}\n${python}`, "orders.py");
  const [only] = dags;
  if (!only) throw new Error("no DAG");
  return { ...only, fileNotes: notes };
}

/** A DAG with these lines in it. */
function inDag(lines: string, args = ""): ReturnType<typeof imported> {
  const body = lines.split("\n").map((line) => `    ${line}\n`);
  return imported(`with DAG("orders"${args === "" ? "" : `, ${args}`}):\n${body.join("")}`);
}

describe("a file that cannot be read", () => {
  test("is refused with the line that is not Python", () => {
    expect(() => importAirflowFile("x = 1\ndef (:\n", "orders.py")).toThrow(
      /^orders\.py:2: .*not Python/,
    );
  });

  test("is refused when it has no DAG", () => {
    expect(() => importAirflowFile("x = 1\n", "orders.py")).toThrow(/orders\.py: .*no Airflow DAG/);
  });

  test("does not run, and an endless recursion ends", () => {
    const { tasks } = imported(
      'def again(n):\n    return again(n + 1)\nagain(0)\nwith DAG("orders"):\n    EmptyOperator(task_id="one")',
    );
    expect(tasks).toBe(1);
  });
});

describe("what has no counterpart", () => {
  test("becomes a task that fails, with the Python text", () => {
    const { text, carried, todo } = inDag('SomethingOperator(task_id="odd", level=3)');
    expect(text).toContain('//   SomethingOperator(task_id="odd", level=3)');
    expect(text).toContain(
      'throw new FailTask("TODO: SomethingOperator has no counterpart in dagsmith");',
    );
    expect({ carried, todo }).toMatchObject({ carried: 0, todo: [{ taskId: "odd" }] });
  });

  test("of an operator that is known is named, and the task counts as unfinished", () => {
    const { text, carried } = inDag(
      'BashOperator(task_id="a", bash_command="ls", on_failure_callback=print)',
    );
    expect(text).toContain("// TODO: on_failure_callback is left out");
    expect(carried).toBe(0);
  });

  test.each([
    ["a block of Jinja", "{% for i in x %}{{ i }}{% endfor %}"],
    ["a macro that is not known", "{{ macros.uuid.uuid4() }}"],
    ["a name that is not known", "{{ inlet_events }}"],
  ])("%s makes the whole task a TODO", (_, command) => {
    expect(inDag(`BashOperator(task_id="a", bash_command="${command}")`).carried).toBe(0);
  });

  test("a loop that only Python can follow is noted with its line", () => {
    const { notes, text } = inDag("for name in fetch_names():\n    EmptyOperator(task_id=name)");
    expect(notes).toEqual([{ line: 18, text: expect.stringContaining("fetch_names()") }]);
    expect(text).toContain("no task of the DAG could be read");
  });

  test("a Python function is kept as a comment in the task", () => {
    const { text } = inDag(
      'def load(day):\n    print(day)\nPythonOperator(task_id="load", python_callable=load)',
    );
    expect(text).toContain("  //   def load(day):\n  //       print(day)\n");
    expect(text).toContain("TODO: write the Python function load in TypeScript");
  });
});

test.each([
  ["None", "", ""],
  ['"0 6 * * *"', 'schedule: "0 6 * * *",', ""],
  ['"@daily"', 'schedule: "@daily",', ""],
  ["timedelta(hours=1, minutes=30)", 'schedule: every("1h30m"),', ""],
  ['CronTriggerTimetable("0 6 * * *", timezone="UTC")', 'schedule: cronTrigger("0 6 * * *"),', ""],
  [
    '[Dataset("s3://a"), Dataset("s3://b")]',
    'schedule: allOf(asset("s3://a"), asset("s3://b")),',
    "",
  ],
  [
    '(Dataset("s3://a") | Dataset("s3://b"))',
    'schedule: anyOf(asset("s3://a"), asset("s3://b")),',
    "",
  ],
  ["MyTimetable()", "", "the schedule is left out: MyTimetable()"],
])("the schedule %s", (python, typescript, note) => {
  const { text, notes } = inDag(
    'EmptyOperator(task_id="one")',
    `schedule=${python}, start_date=datetime(2024, 1, 2), catchup=False`,
  );
  expect(text).toContain(typescript);
  expect(text.includes("schedule:")).toBe(typescript !== "");
  expect(notes.map((one) => one.text)).toEqual(note === "" ? [] : [note]);
});

test("a cron expression means a tick in a file of Airflow 3, and an interval in one of 2", () => {
  const python =
    'with DAG("a", schedule="@daily", start_date=datetime(2024, 1, 1)):\n    X(task_id="x")';
  const three = imported(python, "from airflow.sdk import DAG\nfrom datetime import datetime");
  expect(three.text).toContain('schedule: cronTrigger("@daily")');
  expect(three.text).not.toContain("catchup");
  const two = imported(python);
  expect(two.text).toContain('schedule: "@daily", startDate: "2024-01-01", catchup: true');
});

test("a start date that moves is left out with a note", () => {
  const { text, notes } = inDag(
    'EmptyOperator(task_id="a")',
    'schedule="@daily", start_date=days_ago(1)',
  );
  expect(text).not.toContain("startDate");
  expect(notes).toEqual([{ line: expect.any(Number), text: expect.stringMatching(/start date/) }]);
});

test.each([
  [
    "EmptyOperator(task_id='a', trigger_rule='none_failed_or_skipped')",
    'd.empty("a", { triggerRule: "none_failed_min_one_success" })',
  ],
  [
    "EmptyOperator(task_id='a', retries=2, retry_delay=timedelta(seconds=90), pool='db')",
    'd.empty("a", { retries: 2, retryDelay: "1m30s", pool: "db" })',
  ],
  ["BashOperator(task_id='a', bash_command='echo $HOME')", 'd.task("a", shell("echo $HOME"))'],
  [
    "BashOperator(task_id='a', bash_command='echo {{ ds }}')",
    "shell(({ logicalDate }) => sh`echo ${logicalDate.toISODate()}`)",
  ],
  [
    "BashOperator(task_id='a', bash_command=\"echo '{{ ds }}'\")",
    "sh`echo ''\"${logicalDate.toISODate()}\"''`",
  ],
  [
    "BashOperator(task_id='a', bash_command='{{ ds_nodash }} {{ data_interval_end | ds }}')",
    'sh`${logicalDate.toFormat("yyyyMMdd")} ${dataInterval.end.toISODate()}`',
  ],
  [
    "BashOperator(task_id='a', bash_command='{{ macros.ds_add(ds, -7) }}')",
    "logicalDate.plus({ days: -7 }).toISODate()",
  ],
  [
    "BashOperator(task_id='a', bash_command='{{ logical_date.strftime(\"%d of %B\") }}')",
    "toFormat(\"dd 'of' LLLL\")",
  ],
  [
    "BashOperator(task_id='a', bash_command='{{ dag_run.conf[\"x\"] }}')",
    "String((params.x ?? null))",
  ],
  [
    "BashOperator(task_id='a', bash_command=Variable.get('x', 'y'))",
    '["bash", "-c", (await variable("x", "y"))]',
  ],
  [
    "BashOperator(task_id='a', bash_command='{{ conn.lake.host }}')",
    '(await connection("lake")).host',
  ],
  [
    "BashOperator(task_id='a', bash_command=f\"ls {os.environ['HOME']}\")",
    'sh`ls ${(process.env["HOME"] ?? "")}`',
  ],
  [
    "BashOperator(task_id='a', bash_command='ls ' + os.environ['HOME'] + '/in ' + os.getenv('OUT'))",
    'sh`ls ${(process.env["HOME"] ?? "")}/in ${(process.env["OUT"] ?? "")}`',
  ],
  [
    "BashOperator(task_id='a', bash_command=os.environ.get('HOME', '/opt') + '/{{ ds }}.sh')",
    '`${(process.env["HOME"] ?? "/opt")}/${logicalDate.toISODate()}.sh`',
  ],
  [
    "SQLExecuteQueryOperator(task_id='a', conn_id='lake', sql=\"select ';{{ ds }}'; select 2\")",
    "[sql`select ${`;${logicalDate.toISODate()}`}`, sql`select 2`]",
  ],
  [
    "SQLExecuteQueryOperator(task_id='a', conn_id='lake', sql='truncate table {{ params.t }}')",
    "truncate table ${identifier(String((params.t ?? null)))}",
  ],
  [
    "FileSensor(task_id='a', filepath='/data/in.csv', poke_interval=30, mode='reschedule')",
    'd.sensor("a", { interval: "30s" }, () => existsSync("/data/in.csv"))',
  ],
  ["BranchPythonOperator(task_id='a', python_callable=print)", 'd.branch("a", (): string[] => {'],
  [
    "ShortCircuitOperator(task_id='a', python_callable=print)",
    'd.shortCircuit("a", (): boolean => {',
  ],
])("%s", (python, typescript) => {
  expect(inDag(python).text).toContain(typescript);
});

test.each([
  ["a >> [b, c] >> e", ["chain(a, [b, c], eTask);"]],
  ["a << b", ["chain(b, a);"]],
  [
    "chain(a, [b, c], [e, f], g)",
    ["chain(b, eTask, gTask);", "chain(c, f, gTask);", "chain(a, [b, c]);"],
  ],
  ["cross_downstream([a, b], [c, e])", ["chain(a, [c, eTask]);", "chain(b, [c, eTask]);"]],
  ["a.set_downstream([b, c])\nc.set_upstream(b)", ["chain(a, [b, c]);", "chain(b, c);"]],
  ["for one, other in zip([a, b], [b, c]):\n    one >> other", ["chain(a, b, c);"]],
  ["a >> Label('x') >> b", ["chain(a, b);"]],
])("the edges of %s", (python, chains) => {
  const tasks = [..."abcefg"].map((id) => `${id} = EmptyOperator(task_id="${id}")`).join("\n");
  const { text } = inDag(`${tasks}\n${python}`);
  expect([...text.matchAll(/^chain\(.*$/gm)].map(([line]) => line).sort()).toEqual(
    chains.map((line) => line.replace("eTask", "e").replace("gTask", "gTask")).sort(),
  );
});

test("tasks of loops, functions and comprehensions are all there", () => {
  const { text, carried } = inDag(
    [
      "def step(name):",
      '    return BashOperator(task_id=f"step_{name}", bash_command="run " + name)',
      'steps = [step(name) for name in ("a", "b")]',
      "for index in range(2):",
      '    steps[index] >> EmptyOperator(task_id="end_{}".format(index))',
    ].join("\n"),
  );
  expect(carried).toBe(4);
  expect(text).toContain('const stepA = d.task("step_a", shell("run a"));');
  expect(text).toContain("chain(stepB, end1);");
});

test("a task of a group is named by the result of the group", () => {
  const { text } = inDag(
    [
      'with TaskGroup("load") as load:',
      '    a = EmptyOperator(task_id="a")',
      '    a >> EmptyOperator(task_id="b")',
      'a >> EmptyOperator(task_id="c")',
    ].join("\n"),
  );
  expect(text).toContain("  chain(a, b);\n  return { a };\n});");
  expect(text).toContain("chain(load.result.a, c);");
});

test("the id of a task that is made twice gets a number, as in Airflow", () => {
  const { text } = inDag("@task\ndef one():\n    pass\none()\none()");
  expect(text).toContain('d.task("one__1"');
});

describe("a text of the Python file", () => {
  /** What ends a comment, a text or a template of TypeScript. */
  const BREAKS = ["\n", "\r", "\u2028", "\u2029", "*/", "/*", "//", "\\", '"', "'", "`", "$", "${"];
  const PARTS = [
    ...BREAKS,
    "{",
    "}",
    "(",
    ")",
    ";",
    ",",
    ":",
    " ",
    "1",
    "boom()",
    "\uE000",
    "\uE001",
  ];
  const texts = fc
    .array(fc.constantFrom(...PARTS), { minLength: 1, maxLength: 8 })
    .map((parts) => parts.join(""));

  const ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r" };
  const python = (text: string) =>
    `"${text.replace(/["\\\n\r]/g, (found) => ESCAPES[found] ?? `\\${found}`)}"`;
  /** The same with its line breaks as they are. */
  const raw = (text: string) => `"""${text.replace(/["\\]/g, "")} """`;

  /** Names outside of all texts and comments; the compiler must read the file. */
  function namesIn(text: string): readonly string[] {
    const options = {
      reportDiagnostics: true,
      compilerOptions: { target: ts.ScriptTarget.ESNext },
    };
    expect(ts.transpileModule(text, options).diagnostics).toEqual([]);
    const names: string[] = [];
    const visit = (node: ts.Node): void => {
      if (ts.isIdentifier(node)) names.push(node.text);
      ts.forEachChild(node, visit);
    };
    visit(ts.createSourceFile("dag.ts", text, ts.ScriptTarget.ESNext));
    return names;
  }

  type Write = (text: string) => string;
  /** Where a text stands: lines of a DAG, and its arguments. */
  const PLACES: readonly (readonly [place: string, lines: Write, args?: Write])[] = [
    ["a schedule", () => "X(task_id='x')", (text) => `schedule=MyTimetable(${raw(text)})`],
    ["a text of the DAG", () => "X(task_id='x')", (text) => `doc_md=${text}, tags=[${text}]`],
    ["a param", () => "X(task_id='x')", (text) => `params={${text}: ${text}}`],
    ["default_args", () => "X(task_id='x')", (text) => `default_args={"queue": ${text}}`],
    ["a test", (text) => `if fetch(${raw(text)}):\n        X(task_id='x')`],
    ["a loop", (text) => `for one in fetch(${raw(text)}):\n        X(task_id='x')`],
    ["a task to do", (text) => `X(task_id=${text}, level=${raw(text)})`],
    ["a group", (text) => `with TaskGroup(${text}, tooltip=${text}):\n        X(task_id='x')`],
    [
      "a script",
      (text) => `BashOperator(task_id='x', bash_command=${text}, env={${text}: ${text}})`,
    ],
    [
      "a script with a value",
      (text) => `BashOperator(task_id='x', bash_command=${text} + "{{ ds }}" + ${text})`,
    ],
    [
      "SQL with a value",
      (text) => `SQLExecuteQueryOperator(task_id='x', sql="select {{ ds }} " + ${text})`,
    ],
    [
      "a field with a value",
      (text) => `HttpOperator(task_id='x', endpoint=${text} + "{{ ds }}" + ${text}, data=${text})`,
    ],
    ["a variable", (text) => `BashOperator(task_id='x', bash_command=Variable.get(${text}))`],
    ["a path", (text) => `FileSensor(task_id='x', filepath=${text})`],
    ["a day", (text) => `DayOfWeekSensor(task_id='x', week_day=${text})`],
    ["JSON", (text) => `HttpOperator(task_id='x', data='{"a": ' + json.dumps(${text}) + '}')`],
  ];
  test.each(PLACES.map(([place, lines, args]) => ({ place, lines, args: args ?? (() => "") })))(
    "does not become code: $place",
    ({ lines, args }) => {
      fc.assert(
        fc.property(texts, (text) => {
          const written = inDag(lines(python(text)), args(python(text))).text;
          expect(namesIn(written)).not.toContain("boom");
        }),
        { numRuns: 50 },
      );
    },
  );

  test.each([
    "{{ logical_date.add(days='1}); boom({a:1') }}",
    "{{ logical_date.add(boom=1) }}",
    "{{ logical_date + macros.timedelta(hours='1}), boom({a:1') }}",
    "{{ macros.ds_add(ds, '1}), boom({a:1') }}",
    "{{ params['boom()'] | default('boom()') }}",
    "{{ ti.xcom_pull(task_ids='boom()', key='boom()') }}",
    "{{ logical_date.strftime('`${boom()}') }}",
  ])("does not become code in a template: %s", (template) => {
    const { text } = inDag(`BashOperator(task_id="a", bash_command="${template}")`);
    expect(namesIn(text)).not.toContain("boom");
  });

  const bash = (template: string): string =>
    `BashOperator(task_id="x", bash_command="{{ ${template} }}")`;
  const NAMED: readonly Write[] = [
    (name) => `${name}(task_id="x")`,
    (name) => `EmptyOperator(task_id="x", ${name}=1)`,
    (name) => `EmptyOperator(task_id="x", default_args={"${name}": 1})`,
    (name) => `EmptyOperator(task_id="x", retry_delay=timedelta(${name}=1))`,
    (name) => `from airflow.x import ${name}\n${name}(1, 2)`,
    (name) => bash(name),
    (name) => bash(`ti.${name}`),
    (name) => bash(`ds | ${name}`),
    (name) => bash(`logical_date | ${name}`),
    (name) => bash(`logical_date.${name}(days=1)`),
  ];
  const NAMED_ARGS: readonly Write[] = [
    (name) => `${name}=1`,
    (name) => `default_args={"${name}": 1}`,
    (name) => `schedule=${name}("a")`,
    (name) => `params={"a": Param(1, type="${name}")}`,
  ];

  test.each(["constructor", "toString", "valueOf", "hasOwnProperty", "__proto__"])(
    "may have the name %s, as any other name",
    (name) => {
      const all = [
        ...NAMED.map((lines) => inDag(lines(name))),
        ...NAMED_ARGS.map((args) => inDag("X(task_id='x')", args(name))),
      ];
      for (const { text, notes } of all) {
        namesIn(text);
        expect(text + JSON.stringify(notes)).not.toMatch(/undefined|native code|\[object/);
      }
    },
  );

  test("stays on one line where it is noted", () => {
    const { text } = inDag(
      'EmptyOperator(task_id="one")',
      'schedule=MyTimetable(\n    "0 1 * * *",\n    zone="UTC",\n)',
    );
    expect(text).toMatch(/^\/\/ TODO .*: MyTimetable\( "0 1 \* \* \*", zone="UTC", \)$/m);
  });
});

describe("a file with all of it", () => {
  const path = "test/runtime/import_airflow/everything.py";
  const { dags } = importAirflowFile(readFileSync(path, "utf8"), "everything.py");

  test("gives two DAGs whose operators come over by themselves", () => {
    const counts = dags.map(({ dagId, tasks, carried }) => [dagId, tasks, carried]);
    expect(counts).toEqual([
      ["orders", 23, 22],
      ["flow", 12, 3],
    ]);
  });

  test("passes the compiler", () => {
    const project = new Project({
      tsConfigFilePath: "tsconfig.json",
      skipAddingFilesFromTsConfig: true,
    });
    const problems = dags.flatMap(({ file, text }) =>
      project
        .createSourceFile(resolve("dags", `imported_${file}`), text)
        .getPreEmitDiagnostics()
        .map((one) => ts.flattenDiagnosticMessageText(one.compilerObject.messageText, "\n")),
    );
    expect(problems).toEqual([]);
  }, 60_000);
});
