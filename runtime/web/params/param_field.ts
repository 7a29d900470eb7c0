/** The field of one param, as its JSON Schema describes it. */
import type { Json } from "../../../sdk/json.ts";
import { controlFor } from "./control_for.ts";
import type { Control } from "./controls.ts";
import { hintOf } from "./hint.ts";
import { choicesOf, type Schema, withoutNull } from "./schema.ts";

/** What a field stands for: the value of its control, null, or nothing. */
export type Presence = "value" | "null" | "left_out";

/** A param that is an object with known fields, each of which has a field of the form. */
export interface ParamGroup {
  readonly name: string;
  readonly label: string;
  readonly hint: string | null;
  readonly isRequired: boolean;
  readonly presences: readonly Presence[];
  readonly initial: Presence;
}

export interface ParamField {
  /**
   * Unique in the form, such as `place/city`. Empty for the one field of params that are
   * no object with known fields.
   */
  readonly name: string;
  /** The name within its group, or among the params. */
  readonly key: string;
  /** Null for a field that is a param itself. */
  readonly group: ParamGroup | null;
  readonly label: string;
  readonly hint: string | null;
  readonly control: Control;
  /** Whether it needs a value or null. */
  readonly isRequired: boolean;
  /** What people may choose it to stand for; only a value when there is one choice. */
  readonly presences: readonly Presence[];
  readonly initial: { readonly presence: Presence; readonly text: string };
  /** What an empty control means, when it is no value: the default that is used then. */
  readonly placeholder: string | null;
}

export function fieldOf(
  root: Schema,
  name: string,
  given: Schema,
  isNamed: boolean,
  value: Json | undefined,
): ParamField {
  const { schema, isNullable } = withoutNull(root, given);
  const initial = firstGiven(value, given.default, onlyChoice(schema, isNullable, isNamed));
  const shown = initial === null && !choicesOf(schema) ? undefined : initial;
  const control = controlFor(root, name, schema, isNullable, shown);
  const isOptional = !isNamed && given.default === undefined;
  const presences = presencesOf(control, isNullable, isOptional);
  return {
    name,
    key: name,
    group: null,
    label: typeof given.title === "string" ? given.title : name === "" ? "Params" : name,
    hint: hintOf(schema, control),
    control,
    isRequired: isNamed && given.default === undefined,
    presences,
    initial: {
      presence: presenceAtFirst(presences, initial),
      text: shown === undefined ? "" : (control.show(shown) ?? ""),
    },
    placeholder: given.default === undefined ? null : (control.show(given.default) ?? null),
  };
}

/** Null is a value that was given. */
export const firstGiven = (...values: readonly (Json | undefined)[]): Json | undefined =>
  values.find((value) => value !== undefined);

/** A literal that is required has its value already. */
function onlyChoice(schema: Schema, isNullable: boolean, isRequired: boolean): Json | undefined {
  const values = choicesOf(schema);
  return isRequired && !isNullable && values?.length === 1 ? values[0] : undefined;
}

/** Choices say null and nothing among their choices; an empty number means nothing. */
function presencesOf(control: Control, isNullable: boolean, isOptional: boolean): Presence[] {
  if (control.kind === "choice") return ["value"];
  const canBeLeftOut = isOptional && (control.emptyIsValue || isNullable);
  return [
    "value",
    ...(isNullable ? ["null" as const] : []),
    ...(canBeLeftOut ? ["left_out" as const] : []),
  ];
}

function presenceAtFirst(presences: readonly Presence[], initial: Json | undefined): Presence {
  if (initial === null && presences.includes("null")) return "null";
  return initial === undefined && presences.includes("left_out") ? "left_out" : "value";
}
