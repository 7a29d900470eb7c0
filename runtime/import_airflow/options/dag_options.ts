/** The options of a DAG. */
import { type Code, code, objectOf, quoted, textLiteral } from "../code.ts";
import type { Note, PythonDag } from "../evaluate/python_dag.ts";
import { numberOf, textOf, truthOf, type Value } from "../evaluate/value.ts";
import { tableOf } from "../table_of.ts";
import type { Carry } from "./carry.ts";
import { dateOf } from "./dates.ts";
import { durationOf } from "./durations.ts";
import { literal } from "./literal.ts";
import { paramsSchema } from "./params.ts";
import { scheduleOf } from "./schedule.ts";
import { defaultOptions, type Options } from "./task_options.ts";

/** Arguments that change nothing of what the DAG does. */
const IGNORED = [
  ...["dag_id", "params", "default_args", "start_date", "doc_md", "render_template_as_native_obj"],
  ...[
    "dag_display_name",
    "owner_links",
    "default_view",
    "orientation",
    "concurrency",
    "auto_register",
  ],
  ...["schedule", "schedule_interval", "timetable", "catchup"],
];

type Convert = (value: Value) => Code | undefined;

const whole: Convert = (value) => {
  const number = numberOf(value);
  return number !== undefined && number > 0 ? code(String(number)) : undefined;
};
const yes: Convert = (value) => (truthOf(value) === true ? code("true") : undefined);
const text: Convert = (value) => {
  const found = textOf(value);
  return found === undefined ? undefined : code(textLiteral(found));
};

const TABLE: Readonly<Record<string, readonly [option: string, convert: Convert]>> = tableOf({
  description: ["description", text],
  tags: ["tags", (value) => (value.kind === "list" ? literal(value) : undefined)],
  max_active_runs: ["maxActiveRuns", whole],
  max_active_tasks: ["maxActiveTasksPerRun", whole],
  max_consecutive_failed_dag_runs: ["maxConsecutiveFailedDagRuns", whole],
  fail_fast: ["failFast", yes],
  fail_stop: ["failFast", yes],
  is_paused_upon_creation: ["pausedAtCreation", yes],
  end_date: [
    "endDate",
    (value) => {
      const date = dateOf(value);
      return date && code(quoted(date.text));
    },
  ],
  dagrun_timeout: [
    "dagRunTimeout",
    (value) => {
      const length = durationOf(value);
      return length === undefined ? undefined : code(quoted(length));
    },
  ],
});

interface Converted {
  readonly options: Options;
  readonly notes: readonly Note[];
}

/** Of a DAG whose tasks are translated: templates may have added params. */
export function dagOptions(carry: Carry): Converted {
  const { dag } = carry;
  const given = [...dag.args].filter(([, value]) => !(value.kind === "plain" && !value.value));
  const known = given.map(([name, value]) => ({ name, entry: TABLE[name], value }));
  const own = known.flatMap(({ entry, value }) =>
    entry ? [[entry[0], entry[1](value)] as const] : [],
  );
  const missing = known.filter(({ name, entry, value }) =>
    entry ? entry[1](value) === undefined : !IGNORED.includes(name),
  );
  const defaults = defaultOptions(dag.args.get("default_args"));
  const when = timing(carry);
  const fields = objectOf(defaults.options);
  return {
    options: {
      ...when.options,
      ...Object.fromEntries(own),
      doc: docOf(dag),
      params: paramsSchema(carry),
      defaults: fields.text === "{}" ? undefined : fields,
    },
    notes: [
      ...when.missing,
      ...missing.map(({ name }) => `the DAG's ${name} is left out`),
      ...defaults.missing.map((name) => `${name} of default_args is left out`),
    ].map((of) => ({ line: dag.line, text: of })),
  };
}

function docOf({ args, doc }: PythonDag): Code | undefined {
  const found = textOf(args.get("doc_md")) ?? doc;
  return found === null || found.trim() === "" ? undefined : code(textLiteral(found.trim()));
}

function timing(carry: Carry): { readonly options: Options; readonly missing: readonly string[] } {
  const { dag, airflow, zone } = carry;
  const given = ["schedule", "schedule_interval", "timetable"].find((name) => dag.args.has(name));
  const value = given === undefined ? undefined : dag.args.get(given);
  const schedule = value && scheduleOf(value, airflow);
  const start = startOf(dag);
  const date = start && dateOf(start);
  const isTimed = schedule !== undefined && schedule !== null;
  return {
    options: {
      schedule: schedule ?? undefined,
      startDate: date && code(quoted(date.text)),
      timezone: zone === "UTC" ? undefined : code(quoted(zone)),
      catchup: isTimed && date ? catchupOf(carry) : undefined,
    },
    missing: [
      ...(value && schedule === undefined ? [`the schedule is left out: ${shown(value)}`] : []),
      ...(!value && airflow === 2 && date ? [NO_SCHEDULE] : []),
      ...(start && !date && isTimed
        ? ["the start date is left out: it moves, or only Python knows it"]
        : []),
    ],
  };
}

const NO_SCHEDULE =
  "the DAG names no schedule: Airflow 2 runs it each day, here it runs by hand only";

function shown(value: Value): string {
  return "text" in value ? value.text : (textOf(value) ?? value.kind);
}

/** The start date is often in `default_args`. */
export function startOf({ args }: PythonDag): Value | undefined {
  const defaults = args.get("default_args");
  return (
    args.get("start_date") ??
    (defaults?.kind === "dict" ? defaults.entries.get("start_date") : undefined)
  );
}

/** Airflow 2 catches up when the DAG does not say otherwise; Airflow 3 does not. */
function catchupOf({ dag, airflow }: Carry): Code | undefined {
  const given = dag.args.get("catchup");
  const catchesUp = given ? truthOf(given) === true : airflow === 2;
  return catchesUp ? code("true") : undefined;
}
