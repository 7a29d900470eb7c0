/** Operators without work of their own, and operators that wait or start other DAGs. */
import { code, NotCarried, objectOf, quoted } from "../code.ts";
import { lastName, numberOf, textOf, type Value } from "../evaluate/value.ts";
import { dateOf } from "../options/dates.ts";
import { lengthMs } from "../options/durations.ts";
import { literal } from "../options/literal.ts";
import { type Declaration, taskWith } from "./declaration.ts";
import type { OperatorCall } from "./operator_call.ts";
import { sensorOptions } from "./sensor_options.ts";

export function emptyOperator(): Declaration {
  return { builder: "empty", options: {}, body: null };
}

export function latestOnlyOperator(): Declaration {
  return { builder: "latestOnly", options: {}, body: null };
}

export function triggerDagRunOperator(call: OperatorCall): Declaration {
  const dagId = call.text("trigger_dag_id");
  if (dagId === undefined) throw new NotCarried("only Python knows the DAG that it starts");
  call.ignore("poke_interval", "deferrable");
  const waits = call.isTrue("wait_for_completion");
  const options = { params: call.jsonField("conf"), wait: waits ? undefined : code("false") };
  return { builder: "call", called: code(quoted(dagId)), options, body: null };
}

export function externalTaskSensor(call: OperatorCall): Declaration {
  const dag = call.text("external_dag_id");
  if (dag === undefined) throw new NotCarried("only Python knows the DAG that it waits for");
  call.ignore("poke_interval", "mode", "deferrable", "check_existence");
  refuseStates(call);
  const run = objectOf({
    dag: code(quoted(dag)),
    task: externalTask(call),
    at: externalDate(call.value("execution_delta")),
    timeout: call.duration("timeout"),
    softFail: call.isTrue("soft_fail") ? code("true") : undefined,
  });
  return taskWith(code(`externalRun(${run.text})`, "externalRun"));
}

/** The other run must succeed, and its failure ends the wait. */
function refuseStates(call: OperatorCall): void {
  const allowed = textsOf(call.value("allowed_states"));
  const failed = textsOf(call.value("failed_states"));
  if (
    allowed.some((state) => state !== "success") ||
    failed.some((state) => !/failed$/.test(state))
  )
    throw new NotCarried("it waits for other states than success");
}

function textsOf(value: Value | undefined): readonly string[] {
  const items = value?.kind === "list" ? value.items : [];
  return items.map((item) => textOf(item) ?? "");
}

function externalTask(call: OperatorCall) {
  const tasks = call.value("external_task_ids", "external_task_id");
  const ids = tasks?.kind === "list" ? tasks.items : tasks ? [tasks] : [];
  if (ids.length > 1) throw new NotCarried("it waits for several tasks of one run");
  const id = textOf(ids[0]);
  return id === undefined ? undefined : code(quoted(id));
}

function externalDate(delta: Value | undefined) {
  const ms = delta && lengthMs(delta);
  if (delta && ms === undefined)
    throw new NotCarried("only Python knows the date of the other run");
  if (!ms) return undefined;
  return code(`({ logicalDate }) => logicalDate.minus({ seconds: ${ms / 1000} })`);
}

export function timeDeltaSensor(call: OperatorCall): Declaration {
  const ms = lengthMs(call.needed("delta"));
  if (ms === undefined) throw new NotCarried("only Python knows the length of the wait");
  ignoreSensor(call);
  const end = `dataInterval.end.plus({ seconds: ${ms / 1000} })`;
  return taskWith(code(`waitUntil(({ dataInterval }) => ${end})`, "waitUntil"));
}

export function dateTimeSensor(call: OperatorCall): Declaration {
  const time = call.needed("target_time");
  ignoreSensor(call);
  const fixed = dateOf(time);
  const field = fixed ? code(quoted(fixed.text)) : call.textField("target_time");
  return taskWith(code(`waitUntil(${field?.text})`, "waitUntil"));
}

/** It compares the time of day with the clock, whatever the date of the run is. */
export function timeSensor(call: OperatorCall): Declaration {
  const target = call.needed("target_time");
  const parts = target.kind === "call" && lastName(target.path) === "time" ? target : undefined;
  const named = ["hour", "minute", "second"].map(
    (name, index) => numberOf(parts?.named.get(name) ?? parts?.args[index]) ?? 0,
  );
  if (!parts) throw new NotCarried("only Python knows the time that it waits for");
  const time = named.map((part) => String(part).padStart(2, "0")).join(":");
  const now = 'new Date().toLocaleTimeString("en-GB", { timeZone: logicalDate.zoneName })';
  const options = sensorOptions(call);
  return { builder: "sensor", options, body: code(`({ logicalDate }) => ${now} >= "${time}"`) };
}

export function dayOfWeekSensor(call: OperatorCall): Declaration {
  const body = code(`() => ${isWeekday(call)}`);
  return { builder: "sensor", options: sensorOptions(call), body };
}

export function branchDayOfWeekOperator(call: OperatorCall): Declaration {
  const [yes, no] = ["follow_task_ids_if_true", "follow_task_ids_if_false"].map((name) =>
    literal(call.needed(name)),
  );
  if (!yes || !no) throw new NotCarried("only Python knows the tasks that it chooses");
  const body = code(`() => (${isWeekday(call)} ? ${yes.text} : ${no.text})`);
  return { builder: "branch", options: {}, body };
}

/** Airflow compares with the day of the clock in UTC. */
function isWeekday(call: OperatorCall): string {
  if (call.isTrue("use_task_logical_date") || call.isTrue("use_task_execution_date"))
    throw new NotCarried("it compares the day of the logical date");
  const days = call.needed("week_day");
  const names = (days.kind === "list" ? days.items : [days]).map(dayName);
  const now = 'new Date().toLocaleDateString("en-US", { weekday: "long", timeZone: "UTC" })';
  return `[${names.map(quoted).join(", ")}].includes(${now})`;
}

function dayName(value: Value): string {
  const name = textOf(value) ?? (value.kind === "symbol" ? lastName(value.path) : undefined);
  if (name === undefined) throw new NotCarried("only Python knows the day of the week");
  return `${name.slice(0, 1).toUpperCase()}${name.slice(1).toLowerCase()}`;
}

function ignoreSensor(call: OperatorCall): void {
  call.ignore("mode", "poke_interval", "timeout", "deferrable", "soft_fail", "end_from_trigger");
}
