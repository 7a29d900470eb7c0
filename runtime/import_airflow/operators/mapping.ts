/** The lists that tasks and groups are mapped over. */
import { type Code, code, combine, NotCarried, objectOf, referenceTo } from "../code.ts";
import type { NamedValues, Value } from "../evaluate/value.ts";
import { literal } from "../options/literal.ts";

/**
 * The option `each`.
 * @throws NotCarried for a list that only Python knows
 */
export function eachOf(mapped: NamedValues): Code {
  const lists = [...mapped].map(([name, value]) => [name, listOf(value)] as const);
  const [first] = lists;
  if (first && lists.length === 1) return first[1];
  const all = combine(
    lists.map(([, list]) => list),
    () => "",
  );
  const sources = objectOf(Object.fromEntries(lists));
  return {
    text: `cross(${sources.text})`,
    imports: [...all.imports, ...code("", "cross").imports],
  };
}

function listOf(value: Value): Code {
  if (value.kind === "output" && value.key === null) return outputList(value);
  const known = literal(value);
  if (value.kind === "list" && known) return known;
  if (value.kind === "dict" && known) return code(`entries(${known.text})`, "entries");
  throw new NotCarried("only Python knows the list that it is mapped over");
}

/** A function in Python is typed as a list where it is used as one; others are not. */
function outputList({ task }: Extract<Value, { kind: "output" }>): Code {
  const reference = referenceTo(task);
  if (task.function !== null || task.mapped !== null) return code(reference);
  return code(`${reference} as unknown as TaskRef<Json[]>`);
}

/** Tasks whose outputs are lists that others are mapped over. */
export function listSources(mapped: readonly NamedValues[]): ReadonlySet<string> {
  const values = mapped.flatMap((lists) => [...lists.values()]);
  return new Set(values.flatMap((one) => (one.kind === "output" ? [one.task.fullId] : [])));
}
