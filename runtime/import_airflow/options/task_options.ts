/** The options that every task may have, and `default_args`. */
import { TRIGGER_RULES } from "../../../sdk/spec/index.ts";
import { type Code, code, quoted } from "../code.ts";
import { type NamedValues, numberOf, textOf, truthOf, type Value } from "../evaluate/value.ts";
import { tableOf } from "../table_of.ts";
import { assetOf } from "./assets.ts";
import { durationOf } from "./durations.ts";

/** Options by their names in dagsmith. */
export type Options = Readonly<Record<string, Code | undefined>> & {
  readonly triggerRule?: Code | undefined;
};

/** Undefined when the value has no counterpart. */
type Convert = (value: Value) => Code | undefined;

const whole: Convert = (value) => {
  const number = numberOf(value);
  return number !== undefined && Number.isInteger(number) && number >= 0
    ? code(String(number))
    : undefined;
};

const text: Convert = (value) => {
  const found = textOf(value);
  return found === undefined ? undefined : code(quoted(found));
};

const length: Convert = (value) => {
  const found = durationOf(value);
  return found === undefined ? undefined : code(quoted(found));
};

const yes: Convert = (value) => (truthOf(value) === true ? code("true") : undefined);

const RULES: Readonly<Record<string, string>> = tableOf({
  dummy: "always",
  none_failed_or_skipped: "none_failed_min_one_success",
});

const rule: Convert = (value) => {
  const found = textOf(value) ?? "";
  const known = RULES[found] ?? found;
  return (TRIGGER_RULES as readonly string[]).includes(known) && known !== "all_done_setup_success"
    ? code(quoted(known))
    : undefined;
};

const weight: Convert = (value) =>
  /^(downstream|upstream|absolute)$/.test(textOf(value) ?? "") ? text(value) : undefined;

const backoff: Convert = (value) => {
  const factor = numberOf(value);
  if (factor !== undefined && factor > 1) return code(String(factor));
  return truthOf(value) === true ? code("2") : undefined;
};

const assets: Convert = (value) => {
  const members = value.kind === "list" ? value.items : [value];
  const found = members.map(assetOf);
  const known = found.filter((member) => member !== undefined);
  if (known.length < found.length || known.some(({ text: of }) => /^a(ll|ny)Of/.test(of)))
    return undefined;
  const imports = known.flatMap((member) => member.imports);
  return { text: `[${known.map((member) => member.text).join(", ")}]`, imports };
};

/** Airflow's argument: the option, and how its value is written. */
const DEFAULTS: Readonly<Record<string, readonly [option: string, convert: Convert]>> = tableOf({
  retries: ["retries", whole],
  retry_delay: ["retryDelay", length],
  retry_exponential_backoff: ["retryBackoff", backoff],
  max_retry_delay: ["maxRetryDelay", length],
  execution_timeout: ["executionTimeout", length],
  trigger_rule: ["triggerRule", rule],
  depends_on_past: ["dependsOnPast", yes],
  wait_for_downstream: ["waitForDownstream", yes],
  pool: ["pool", text],
  pool_slots: ["poolSlots", whole],
  priority_weight: ["priorityWeight", whole],
  weight_rule: ["weightRule", weight],
  queue: ["queue", text],
  max_active_tis_per_dag: ["maxActiveAcrossRuns", whole],
});

const OWN: Readonly<Record<string, readonly [option: string, convert: Convert]>> = tableOf({
  doc_md: ["doc", text],
  doc: ["doc", text],
  outlets: ["outlets", assets],
  inlets: [
    "inlets",
    (value) => {
      const found = assets(value);
      return found?.text.includes("assetAlias(") ? undefined : found;
    },
  ],
});

/** Arguments that change nothing of what the task does. */
const IGNORED = [
  ...["task_id", "dag", "task_group", "owner", "do_xcom_push", "task_display_name", "run_as_user"],
  ...["multiple_outputs", "executor", "executor_config", "start_date", "end_date", "default_args"],
  ...["email_on_failure", "email_on_retry", "ui_color", "show_return_value_in_logs", "resources"],
  ...[
    "map_index_template",
    "doc_json",
    "doc_yaml",
    "doc_rst",
    "templates_dict",
    "retry_on_failure",
  ],
];

/** The arguments that a translation of an operator need not read. */
export const COMMON_ARGUMENTS: ReadonlySet<string> = new Set([
  ...[...Object.keys(DEFAULTS), ...Object.keys(OWN), ...IGNORED],
  "max_active_tis_per_dagrun",
]);

interface Converted {
  readonly options: Options;
  /** Arguments without a counterpart. */
  readonly missing: readonly string[];
}

/** Options for all tasks, of `default_args`. */
export function defaultOptions(args: Value | undefined): Converted {
  if (args?.kind !== "dict")
    return { options: {}, missing: args === undefined ? [] : ["default_args"] };
  const { options, missing } = convert(args.entries, DEFAULTS);
  const others = [...args.entries.keys()].filter((name) => /^on_|^sla/.test(name));
  return { options, missing: [...missing, ...others] };
}

/** Options of one task. */
export function taskOptions(args: NamedValues, isMapped: boolean): Converted {
  const mapped = isMapped ? { max_active_tis_per_dagrun: ["maxActive", whole] as const } : {};
  const table = tableOf({ ...DEFAULTS, ...OWN, ...mapped });
  return convert(args, table);
}

function convert(
  args: NamedValues,
  table: Readonly<Record<string, readonly [option: string, convert: Convert]>>,
): Converted {
  const known = [...args].flatMap(([name, value]) => {
    const entry = table[name];
    const isLeftOut = entry === undefined || (value.kind === "plain" && !value.value);
    if (isLeftOut && name !== "retries") return [];
    return entry ? [{ name, option: entry[0], code: entry[1](value) }] : [];
  });
  const options = Object.fromEntries(known.map(({ option, code: of }) => [option, of]));
  const missing = known.filter((one) => one.code === undefined);
  return { options, missing: missing.map(({ name }) => name) };
}
