/** The names of a Jinja template: `ds`, `params.x`, `var.value.x`, `conn.x.host`. */
import { keyOf, quoted } from "../code.ts";
import type { Carry } from "../options/carry.ts";
import { isScalar } from "../options/params.ts";
import { tableOf } from "../table_of.ts";
import { luxonFormat } from "./date_format.ts";
import { changed, type RunValue, runValue } from "./run_value.ts";

const DATES: Readonly<Record<string, string>> = tableOf({
  ...{ logical_date: "logicalDate", execution_date: "logicalDate" },
  ...{ data_interval_start: "dataInterval.start", data_interval_end: "dataInterval.end" },
});

/** The filters and names that write a date: their formats. */
const DATE_FORMATS: Readonly<Record<string, string | null>> = tableOf({
  ...{ ds: "%Y-%m-%d", ds_nodash: "%Y%m%d", ts: null },
  ...{ ts_nodash: "%Y%m%dT%H%M%S", ts_nodash_with_tz: "%Y%m%dT%H%M%S%z" },
});

/** A name of a template; undefined when it has no counterpart. */
export function nameValue(name: string, carry: Carry): RunValue | undefined {
  const date = DATES[name];
  if (date !== undefined) return dateValue(date, carry);
  if (name in DATE_FORMATS) return writtenDate(dateValue("logicalDate", carry), name);
  if (name === "run_id") return runValue("runId", "text", ["runId"]);
  if (name === "task_instance_key_str") return keyText(carry);
  return undefined;
}

/** The DAG, the task and the day, as Airflow puts them together. */
function keyText(carry: Carry): RunValue | undefined {
  const day = nameValue("ds_nodash", carry);
  const text = `\`\${dagId}__\${taskId}__\${${day?.text}}\``;
  return day && { ...day, text, uses: ["dagId", "taskId", ...day.uses] };
}

/** Airflow gives templates their dates in UTC, dagsmith in the timezone of the DAG. */
function dateValue(text: string, { zone }: Carry): RunValue {
  const use = text.split(".")[0] ?? text;
  return runValue(zone === "UTC" ? text : `${text}.toUTC()`, "date", [use]);
}

/** A date as a filter writes it. */
export function writtenDate(date: RunValue, filter: string): RunValue | undefined {
  const format = DATE_FORMATS[filter];
  if (format === undefined) return undefined;
  if (format === null) return changed(date, `${date.text}.toISO()`, "text");
  return formatted(date, format);
}

/** A date as `strftime` writes it. */
export function formatted(date: RunValue, format: string): RunValue {
  const text =
    format === "%Y-%m-%d"
      ? `${date.text}.toISODate()`
      : `${date.text}.toFormat(${quoted(luxonFormat(format))})`;
  return changed(date, text, "text");
}

const ATTRIBUTES: Readonly<Record<string, RunValue>> = tableOf({
  "dag.dag_id": runValue("dagId", "text", ["dagId"]),
  "dag_run.dag_id": runValue("dagId", "text", ["dagId"]),
  "dag_run.run_id": runValue("runId", "text", ["runId"]),
});

const TASK_ATTRIBUTES: Readonly<Record<string, RunValue>> = tableOf({
  dag_id: runValue("dagId", "text", ["dagId"]),
  task_id: runValue("taskId", "text", ["taskId"]),
  run_id: runValue("runId", "text", ["runId"]),
  try_number: runValue("tryNumber", "number", ["tryNumber"]),
  map_index: runValue("mapIndex", "number", ["mapIndex"]),
});

const TASK = /^(ti|task_instance|task)\.(\w+)$/;
const CONNECTION_FIELDS = ["host", "login", "password", "schema", "port"];

/** A dotted name of a template; undefined when it has no counterpart. */
export function pathValue(path: readonly string[], carry: Carry): RunValue | undefined {
  const written = path.join(".");
  const [first = "", second = "", third = "", ...rest] = path;
  if (first === "params" && path.length === 2) return paramValue(second, carry);
  if (written.startsWith("dag_run.conf.") && path.length === 3) return paramValue(third, carry);
  if (first === "var" && path.length >= 3) return variableValue(second, third, rest);
  if (first === "conn" && path.length === 3) return connectionValue(second, third);
  if (first === "dag_run" && path.length === 2 && second in DATES) return nameValue(second, carry);
  const [, , attribute = ""] = TASK.exec(written) ?? [];
  return ATTRIBUTES[written] ?? TASK_ATTRIBUTES[attribute];
}

/** A param of the run. A param that the DAG does not declare is added to its schema. */
export function paramValue(name: string, { params }: Carry): RunValue {
  if (!params.has(name)) params.set(name, null);
  const key = keyOf(name);
  const path = key === name ? `params.${name}` : `params[${key}]`;
  const value = params.get(name);
  // JSON has no undefined.
  const text = value === null ? `(${path} ?? null)` : path;
  return runValue(text, isScalar(value) ? "number" : "json", ["params"]);
}

/** A variable, or a field of a variable that holds JSON. */
export function variableValue(
  kind: string,
  key: string,
  fields: readonly string[],
  fallback?: string,
): RunValue | undefined {
  const given = fallback === undefined ? "" : `, ${quoted(fallback)}`;
  const read = `await variable(${quoted(key)}${given})`;
  if (kind === "value" && fields.length === 0)
    return runValue(`(${read})`, "text", ["variable"], true);
  if (kind !== "json") return undefined;
  const path = fields.map((field) => `[${quoted(field)}]`).join("");
  return runValue(`JSON.parse(${read})${path}`, "json", ["variable"], true);
}

function connectionValue(id: string, field: string): RunValue | undefined {
  if (!CONNECTION_FIELDS.includes(field)) return undefined;
  const text = `(await connection(${quoted(id)})).${field}`;
  return runValue(text, "json", ["connection"], true);
}

/** What another task of the run returned, or pushed under a key. */
export function pulled(taskId: string, key?: string): RunValue {
  const more = key === undefined || key === "return_value" ? "" : `, ${quoted(key)}`;
  return runValue(`(await xcom.pull(${quoted(taskId)}${more}))`, "json", ["xcom"], true);
}
