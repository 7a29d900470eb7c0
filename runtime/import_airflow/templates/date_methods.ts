/** Methods of Airflow's dates in templates, as methods of luxon. */
import type { Argument } from "../python/tree.ts";
import { tableOf } from "../table_of.ts";
import { argument, literalText, numberOf } from "./expression_parts.ts";
import { changed, type RunValue } from "./run_value.ts";
import { formatted } from "./template_names.ts";

const MOVES: Readonly<Record<string, string>> = tableOf({ add: "plus", subtract: "minus" });

/** `strftime`, `isoformat`, `add`, `subtract` of a date; `format` of luxon differs. */
export function dateMethod(
  date: RunValue,
  method: string,
  args: readonly Argument[],
): RunValue | undefined {
  const format = literalText(argument(args, "format", 0));
  if (method === "strftime" && format !== undefined) return formatted(date, format);
  if (method === "isoformat") return changed(date, `${date.text}.toISO()`, "text");
  const move = MOVES[method];
  return move === undefined ? undefined : moved(date, move, args);
}

/** The units that Airflow's dates and luxon share. */
const UNITS = ["years", "months", "weeks", "days", "hours", "minutes", "seconds", "milliseconds"];

/** A date plus or minus a length of time. @param move plus or minus */
export function moved(
  date: RunValue,
  move: string,
  args: readonly Argument[],
): RunValue | undefined {
  const known = args.flatMap(({ name, value }) => {
    const count = numberOf(value);
    return UNITS.includes(name ?? "") && count !== undefined ? [`${name}: ${count}`] : [];
  });
  if (known.length === 0 || known.length < args.length) return undefined;
  return changed(date, `${date.text}.${move}({ ${known.join(", ")} })`);
}
