/** Assets, and conditions over them. */
import { type Code, code, combine, quoted } from "../code.ts";
import { lastName, textOf, type Value } from "../evaluate/value.ts";

const ALLOWED_URI = /^[!-~]{1,1000}$/;

/** An asset, an alias, or a condition; undefined for anything else. */
export function assetOf(value: Value): Code | undefined {
  if (value.kind === "list") return conditionOf("allOf", value.items);
  if (value.kind === "operation" && /^[&|]$/.test(value.operator))
    return conditionOf(value.operator === "&" ? "allOf" : "anyOf", value.sides);
  if (value.kind !== "call") return undefined;
  const name = lastName(value.path);
  if (/^(Asset|Dataset)(All|Any)$/.test(name))
    return conditionOf(name.endsWith("All") ? "allOf" : "anyOf", value.args);
  return /^(Asset|Dataset)(Alias)?$/.test(name) ? oneAsset(value) : undefined;
}

function oneAsset(value: Extract<Value, { kind: "call" }>): Code | undefined {
  const name = textOf(value.named.get("name")) ?? textOf(value.args[0]);
  const uri = textOf(value.named.get("uri")) ?? textOf(value.args[1]) ?? name;
  if (uri === undefined || !ALLOWED_URI.test(uri)) return undefined;
  if (lastName(value.path).endsWith("Alias"))
    return code(`assetAlias(${quoted(uri)})`, "assetAlias");
  const named = name === undefined || name === uri ? "" : `, { name: ${quoted(name)} }`;
  return code(`asset(${quoted(uri)}${named})`, "asset");
}

function conditionOf(condition: "allOf" | "anyOf", members: readonly Value[]): Code | undefined {
  const found = members.map(assetOf);
  const known = found.filter((member) => member !== undefined);
  if (known.length === 0 || known.length < found.length) return undefined;
  if (known.length === 1) return known[0];
  const all = combine(known, (texts) => `${condition}(${texts.join(", ")})`);
  return { ...all, imports: [...all.imports, ...code("", condition).imports] };
}
