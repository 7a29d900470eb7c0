/** The schedule of a DAG. */
import { CRON_PRESETS } from "../../../sdk/schedule/cron_presets.ts";
import { type Code, code, combine, quoted } from "../code.ts";
import { lastName, textOf, type Value } from "../evaluate/value.ts";
import { tableOf } from "../table_of.ts";
import { assetOf } from "./assets.ts";
import { dateOf } from "./dates.ts";
import { durationOf } from "./durations.ts";

/** A schedule; undefined when it has no counterpart, null for none. */
export function scheduleOf(value: Value, airflow: 2 | 3): Code | null | undefined {
  if (value.kind === "plain" && value.value === null) return null;
  const text = textOf(value);
  if (text !== undefined) return textSchedule(text.trim(), airflow);
  const length = durationOf(value);
  if (length !== undefined) {
    const rule = airflow === 3 ? "deltaTrigger" : "every";
    return code(`${rule}(${quoted(length)})`, rule);
  }
  return assetOf(value) ?? (value.kind === "call" ? timetable(value, airflow) : undefined);
}

const NAMES = [...Object.keys(CRON_PRESETS), "@once", "@continuous"];

/** Airflow 3 runs at each tick; Airflow 2 runs over the interval between two ticks. */
function textSchedule(text: string, airflow: 2 | 3): Code | null | undefined {
  if (text === "@none" || text === "None") return null;
  const isCron = /^[\d*,/\-A-Za-z#?]+(\s+[\d*,/\-A-Za-z#?]+){4,5}$/.test(text);
  if (!NAMES.includes(text) && !isCron) return undefined;
  const isTick = airflow === 3 && text !== "@once" && text !== "@continuous";
  return isTick ? code(`cronTrigger(${quoted(text)})`, "cronTrigger") : code(quoted(text));
}

type Timetable = (
  call: Extract<Value, { kind: "call" }>,
  airflow: 2 | 3,
) => Code | undefined | null;

const TIMETABLES: Readonly<Record<string, Timetable>> = tableOf({
  CronTriggerTimetable: ({ args, named }) => {
    const cron = textOf(args[0] ?? named.get("cron"));
    const interval = named.get("interval");
    const length = interval && durationOf(interval);
    const options = length === undefined ? "" : `, { interval: ${quoted(length)} }`;
    return cron === undefined
      ? undefined
      : code(`cronTrigger(${quoted(cron)}${options})`, "cronTrigger");
  },
  CronDataIntervalTimetable: ({ args, named }) => {
    const cron = textOf(args[0] ?? named.get("cron"));
    return cron === undefined ? undefined : code(quoted(cron));
  },
  MultipleCronTriggerTimetable: ({ args }) => {
    const crons = args.map(textOf).filter((cron) => cron !== undefined);
    if (crons.length === 0 || crons.length < args.length) return undefined;
    return code(`cronTrigger([${crons.map(quoted).join(", ")}])`, "cronTrigger");
  },
  DeltaDataIntervalTimetable: ({ args: [length] }) => lengthRule("every", length),
  DeltaTriggerTimetable: ({ args: [length] }) => lengthRule("deltaTrigger", length),
  ContinuousTimetable: () => code(quoted("@continuous")),
  OnceTimetable: () => code(quoted("@once")),
  NullTimetable: () => null,
  EventsTimetable: ({ args, named }) => {
    const dates = args[0] ?? named.get("event_dates");
    const found = dates?.kind === "list" ? dates.items.map(dateOf) : [];
    const known = found.filter((date) => date !== undefined).map(({ text }) => quoted(text));
    if (known.length === 0 || known.length < found.length) return undefined;
    return code(`atInstants([${known.join(", ")}])`, "atInstants");
  },
  AssetOrTimeSchedule: timeOrAssets,
  DatasetOrTimeSchedule: timeOrAssets,
});

function lengthRule(rule: "every" | "deltaTrigger", length: Value | undefined): Code | undefined {
  const text = length && durationOf(length);
  return text === undefined ? undefined : code(`${rule}(${quoted(text)})`, rule);
}

function timetable(call: Extract<Value, { kind: "call" }>, airflow: 2 | 3) {
  return TIMETABLES[lastName(call.path)]?.(call, airflow);
}

function timeOrAssets(
  { named }: Extract<Value, { kind: "call" }>,
  airflow: 2 | 3,
): Code | undefined {
  const time = named.get("timetable");
  const assets = named.get("assets") ?? named.get("datasets");
  const parts = [time && scheduleOf(time, airflow), assets && assetOf(assets)];
  const known = parts.filter((part) => part !== undefined && part !== null);
  if (known.length < 2) return undefined;
  const both = combine(known, (texts) => `timeOrAssets(${texts.join(", ")})`);
  return { ...both, imports: [...both.imports, ...code("", "timeOrAssets").imports] };
}
