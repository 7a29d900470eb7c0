/**
 * A JSON Schema of params as form fields, and the fields of a sent form as params. The
 * DAG's own schema checks the values later.
 */
import type { Json } from "../../../sdk/json.ts";

export interface ParamField {
  readonly name: string;
  readonly kind: "text" | "number" | "boolean" | "choice" | "json";
  readonly choices: readonly string[];
  readonly isRequired: boolean;
  /** The value of the field at first: the default. */
  readonly initial: string;
  readonly hint: string | null;
}

type Schema = { readonly [key: string]: Json };

/** One field for each property that the schema declares. */
export function paramFields(paramsSchema: Json | null): readonly ParamField[] {
  const schema = asObject(paramsSchema);
  const required = Array.isArray(schema.required) ? schema.required : [];
  return Object.entries(asObject(schema.properties ?? null)).map(([name, property]) => {
    const field = asObject(property);
    const isRequired = required.includes(name) && field.default === undefined;
    return {
      name,
      ...kindOf(field),
      isRequired,
      initial: textOf(field.default),
      hint: hintOf(field),
    };
  });
}

function kindOf(field: Schema): Pick<ParamField, "kind" | "choices"> {
  if (Array.isArray(field.enum) && field.enum.every((choice: Json) => typeof choice === "string"))
    return { kind: "choice", choices: field.enum as string[] };
  switch (field.type) {
    case "string":
      return { kind: "text", choices: [] };
    case "number":
    case "integer":
      return { kind: "number", choices: [] };
    case "boolean":
      return { kind: "boolean", choices: [] };
    default:
      return { kind: "json", choices: [] };
  }
}

function hintOf(field: Schema): string | null {
  const kind = field.enum !== undefined ? "" : typeof field.type === "string" ? field.type : "JSON";
  const limits = [
    field.minimum !== undefined && Number(field.minimum) > Number.MIN_SAFE_INTEGER
      ? `at least ${field.minimum}`
      : "",
    field.maximum !== undefined && Number(field.maximum) < Number.MAX_SAFE_INTEGER
      ? `at most ${field.maximum}`
      : "",
  ].filter((limit) => limit !== "");
  const text = [kind, typeof field.format === "string" ? field.format : "", ...limits]
    .filter((part) => part !== "")
    .join(", ");
  if (typeof field.description !== "string") return text === "" ? null : text;
  return text === "" ? field.description : `${field.description} (${text})`;
}

function textOf(value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/**
 * The params of a sent form. An empty field is left out, so that its default counts. Text
 * that is no number or no JSON stays text, and the schema says what is wrong with it.
 */
export function paramsFromForm(
  fields: readonly ParamField[],
  sent: Readonly<Record<string, string>>,
): Json {
  return Object.fromEntries(
    fields.flatMap((field) => {
      const text = sent[`p:${field.name}`] ?? "";
      return text === ""
        ? []
        : [
            [
              field.name,
              field.kind === "text" || field.kind === "choice" ? text : parsed(text),
            ] as const,
          ];
    }),
  );
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

function asObject(value: Json): Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Schema)
    : {};
}
