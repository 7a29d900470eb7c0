/** A value of an operator as texts and values of the run. */
import { NotCarried, quoted } from "../code.ts";
import { pythonText } from "../evaluate/operate.ts";
import { lastName, textOf, type Value } from "../evaluate/value.ts";
import type { Carry } from "../options/carry.ts";
import { type RunValue, runValue } from "./run_value.ts";
import { templateExpression } from "./template_expression.ts";
import { paramValue, pulled, variableValue } from "./template_names.ts";

/** A text that is fixed, or a value of the run. */
export type Piece = string | RunValue;

/**
 * The pieces of a value, in order; no text follows a text.
 * @throws NotCarried for what only Python knows
 */
export function piecesOf(value: Value, carry: Carry): readonly Piece[] {
  if (value.kind === "text") return joined(value.parts.flatMap((part) => piecesOf(part, carry)));
  if (value.kind !== "plain") return [runValueOf(value, carry)];
  return typeof value.value === "string"
    ? templatePieces(value.value, carry)
    : [pythonText(value.value)];
}

/** Texts that follow each other as one: `$` and `{` apart would escape the escaping. */
export function joined(pieces: readonly Piece[]): readonly Piece[] {
  const found: Piece[] = [];
  for (const piece of pieces) {
    const last = found.at(-1);
    if (typeof piece === "string" && typeof last === "string") found.push(found.pop() + piece);
    else found.push(piece);
  }
  return found;
}

function templatePieces(text: string, carry: Carry): readonly Piece[] {
  if (/[\uE000\uE001]/.test(text))
    throw new NotCarried("a text holds U+E000 or U+E001, which the import keeps for itself");
  if (/\{%|\{#/.test(text)) throw new NotCarried("a template with {% … %} has no counterpart");
  const parts = text.split(/\{\{-?([\s\S]*?)-?\}\}/);
  return parts.flatMap((part, index): readonly Piece[] => {
    if (index % 2 === 0) return part === "" ? [] : [part];
    return [templateExpression(part, carry)];
  });
}

/**
 * A value that is known only in a run.
 * @throws NotCarried for what only Python knows
 */
function runValueOf(value: Value, carry: Carry): RunValue {
  const known = knownRunValue(value, carry);
  if (known) return known;
  throw new NotCarried(`only Python knows ${"text" in value ? value.text : `the ${value.kind}`}`);
}

function knownRunValue(value: Value, carry: Carry): RunValue | undefined {
  if (value.kind === "param") return paramValue(value.name, carry);
  if (value.kind === "item") return itemValue(value.field);
  if (value.kind === "output") return pulled(value.task.fullId, value.key ?? undefined);
  if (value.kind === "symbol")
    return environmentValue(/^os\.environ\["(.*)"\]$/.exec(value.path)?.[1]);
  return value.kind === "call" ? calledValue(value) : undefined;
}

function itemValue(field: string | null): RunValue {
  const text = field === null ? "item" : `(item as Record<string, Json>)[${quoted(field)}]`;
  return runValue(text, "json", ["item"]);
}

function calledValue({
  path,
  args,
  named,
}: Extract<Value, { kind: "call" }>): RunValue | undefined {
  const key = textOf(args[0] ?? named.get("key"));
  const fallback = textOf(args[1] ?? named.get("default_var") ?? named.get("default"));
  if (key === undefined) return undefined;
  if (path.endsWith("Variable.get"))
    return named.has("deserialize_json") ? undefined : variableValue("value", key, [], fallback);
  const isEnvironment = path.startsWith("os.") && /^(getenv|get)$/.test(lastName(path));
  return isEnvironment ? environmentValue(key, fallback) : undefined;
}

function environmentValue(name: string | undefined, fallback = ""): RunValue | undefined {
  if (name === undefined) return undefined;
  return runValue(`(process.env[${quoted(name)}] ?? ${quoted(fallback)})`, "text", []);
}
