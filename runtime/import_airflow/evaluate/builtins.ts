/** Functions of Python itself, on values that are known. */
import { tableOf } from "../table_of.ts";
import type { Call } from "./machine.ts";
import { itemsOf } from "./names.ts";
import { pythonText } from "./operate.ts";
import { numberOf, plain, textOf, truthOf, type Value } from "./value.ts";

type Builtin = (call: Call) => Value | undefined;

const asList: Builtin = ({ args: [of] }) => {
  const items = of ? itemsOf(of) : [];
  return items && { kind: "list", items: [...items] };
};

const dedent: Builtin = ({ args: [of] }) => {
  const text = textOf(of);
  return text === undefined ? undefined : plain(dedented(text));
};

/** The text without the indent that all of its lines share. */
function dedented(text: string): string {
  const lines = text.split("\n");
  const indents = lines.filter((line) => line.trim() !== "").map((line) => line.search(/\S/));
  const least = Math.min(...indents, text.length);
  return lines.map((line) => (line.trim() === "" ? "" : line.slice(least))).join("\n");
}

/** The output of a task, as an object. */
const xcomArg: Builtin = ({ args: [of], named }) => {
  const key = textOf(named.get("key")) ?? null;
  return of?.kind === "node" && of.node.type === "task"
    ? { kind: "output", task: of.node, key }
    : undefined;
};

/** By name; undefined when the result is known only to Python. */
export const BUILTINS: Readonly<Record<string, Builtin>> = tableOf({
  "textwrap.dedent": dedent,
  "inspect.cleandoc": dedent,
  "airflow.XComArg": xcomArg,
  "airflow.sdk.XComArg": xcomArg,
  "airflow.models.xcom_arg.XComArg": xcomArg,
  range: ({ args }) => rangeOf(args.map(numberOf)),
  len: ({ args: [of] }) => {
    const items = of && itemsOf(of);
    return items && plain(items.length);
  },
  str: ({ args: [of] }) => (of?.kind === "plain" ? plain(pythonText(of.value)) : of),
  int: ({ args: [of] }) => (of?.kind === "plain" ? plain(Math.trunc(Number(of.value))) : undefined),
  bool: ({ args: [of] }) => {
    const truth = of && truthOf(of);
    return truth === undefined ? undefined : plain(truth);
  },
  list: asList,
  tuple: asList,
  set: asList,
  sorted: ({ args: [of] }) => sortedList(of),
  reversed: ({ args: [of] }) => {
    const items = of && itemsOf(of);
    return items && { kind: "list", items: items.toReversed() };
  },
  enumerate: ({ args: [of, first], named }) => {
    const from = numberOf(first ?? named.get("start")) ?? 0;
    return rows((of && itemsOf(of))?.map((item, index) => [plain(from + index), item]));
  },
  zip: ({ args }) => {
    const lists = args.map(itemsOf);
    const known = lists.filter((list) => list !== undefined);
    if (known.length < lists.length) return undefined;
    const length = Math.min(...known.map((list) => list.length));
    return rows(Array.from({ length }, (_, at) => known.flatMap((list) => list.slice(at, at + 1))));
  },
  dict: ({ args: [of], named }) => {
    if (of && of.kind !== "dict") return undefined;
    return { kind: "dict", entries: new Map([...(of?.entries ?? []), ...named]) };
  },
});

const MAX_ITEMS = 10_000;

function rangeOf(numbers: readonly (number | undefined)[]): Value | undefined {
  const known = numbers.filter((number) => number !== undefined);
  if (known.length < numbers.length) return undefined;
  const [first = 0, second, step = 1] = known;
  const [from, to] = second === undefined ? [0, first] : [first, second];
  const length = Math.max(0, Math.ceil((to - from) / step));
  if (!(length <= MAX_ITEMS)) return undefined;
  return { kind: "list", items: Array.from({ length }, (_, index) => plain(from + index * step)) };
}

function rows(items: readonly Value[][] | undefined): Value | undefined {
  return items && { kind: "list", items: items.map((row) => ({ kind: "list", items: row })) };
}

function sortedList(of: Value | undefined): Value | undefined {
  const items = (of && itemsOf(of)) ?? [];
  const keys = items.map((item) => (item.kind === "plain" ? item.value : undefined));
  if (keys.includes(undefined)) return undefined;
  const order = keys.map((key, index) => ({ key: key ?? "", index }));
  order.sort((one, other) => (one.key < other.key ? -1 : one.key > other.key ? 1 : 0));
  return { kind: "list", items: order.flatMap(({ index }) => items.slice(index, index + 1)) };
}
