/**
 * A connection in a form and back: what the form shows, which never is a secret, and the
 * connection that its fields make with what is stored. Pure.
 */
import type { Connection } from "../../sdk/connection.ts";
import { DagsmithError } from "../../sdk/errors.ts";
import type { Json } from "../../sdk/json.ts";
import { looksSecret } from "../secrets/secret_values.ts";
import type { DescribedType } from "./connection_types.ts";

type Values = Readonly<Record<string, Json>>;
type Schema = { readonly [key: string]: Json };
type Described = Pick<DescribedType, "schema">;

const PARTS = ["host", "port", "login", "password", "schema"] as const;

/** The names of the fields that are secrets. */
export function secretFields({ schema }: Described): readonly string[] {
  return Object.entries(propertiesOf(schema))
    .filter(([name, { writeOnly }]) => writeOnly === true || looksSecret(name))
    .map(([name]) => name);
}

/**
 * The schema of the form. An empty text means that the field is not set, and that a
 * stored secret is kept.
 * @param isStored whether there is a connection whose secrets can be kept
 */
export function formSchema(type: Described, isStored: boolean): Json {
  const secrets = secretFields(type);
  const { required, ...whole } = type.schema as Schema;
  const isKept = (name: string): boolean => isStored && secrets.includes(name);
  const needed = (Array.isArray(required) ? required : []).filter((name) => !isKept(String(name)));
  const properties = Object.entries(propertiesOf(type.schema)).map(([name, field]) => {
    const help = [field.description, isKept(name) ? "Leave it empty to keep what is stored." : ""];
    const description = help.filter(Boolean).join(" ");
    const empty = field.type === "string" && field.enum === undefined ? { default: "" } : {};
    return [name, { ...(needed.includes(name) ? {} : empty), ...field, description }] as const;
  });
  return { ...whole, properties: Object.fromEntries(properties), required: needed };
}

/** What the form shows of a stored connection: every field but the secrets. */
export function shownValues(type: Described, connection: Connection): Values {
  const secrets = secretFields(type);
  return Object.fromEntries(
    Object.entries(valuesOf(connection)).filter(([name]) => !secrets.includes(name)),
  );
}

/** A field that the form does not show, and that may be cleared alone. */
export interface ClearableField {
  readonly name: string;
  readonly title: string;
}

/** What is stored and not shown: secrets, and fields that the type does not describe. */
export function clearableFields(type: Described, connection: Connection): ClearableField[] {
  const properties = propertiesOf(type.schema);
  const { required = [] } = type.schema as { readonly required?: readonly string[] };
  const shown = shownValues(type, connection);
  const isClearable = (name: string): boolean =>
    !required.includes(name) && !(Object.hasOwn(properties, name) && Object.hasOwn(shown, name));
  return Object.keys(valuesOf(connection))
    .filter(isClearable)
    .map((name) => ({ name, title: String(properties[name]?.title ?? name) }));
}

/**
 * The connection of a form. Secrets that were left empty are those of `stored`, without
 * those that are to be cleared.
 */
export function edited(
  of: { readonly id: string; readonly type: string },
  described: Described,
  sent: Values,
  { stored, cleared }: { readonly stored: Connection | null; readonly cleared: readonly string[] },
): Connection {
  const own = Object.keys(propertiesOf(described.schema));
  const secrets = secretFields(described);
  const before = stored ? Object.entries(valuesOf(stored)) : [];
  // Fields that the type does not describe were set elsewhere, and stay.
  const isKept = (name: string): boolean => !own.includes(name) || secrets.includes(name);
  const kept = before.filter(([name]) => isKept(name) && !cleared.includes(name));
  const given = Object.entries(sent).filter(([, value]) => value !== "" && value !== null);
  return connectionOf(of, Object.fromEntries([...kept, ...given]));
}

function connectionOf({ id, type }: Pick<Connection, "id" | "type">, values: Values): Connection {
  const text = (name: string): string | null =>
    values[name] === undefined ? null : String(values[name]);
  const extra = Object.entries(values).filter(
    ([name]) => !(PARTS as readonly string[]).includes(name),
  );
  return {
    ...{ id, type },
    ...{ host: text("host"), login: text("login"), password: text("password") },
    ...{ schema: text("schema"), port: typeof values.port === "number" ? values.port : null },
    extra: Object.fromEntries(extra),
  };
}

/**
 * A connection without some of its fields.
 * @throws DagsmithError INVALID_ARGUMENT when one of them is not set
 */
export function withoutFields(connection: Connection, names: readonly string[]): Connection {
  const values = valuesOf(connection);
  const unknown = names.find((name) => !Object.hasOwn(values, name));
  if (unknown !== undefined) {
    const reason = `"${unknown}" is not set; set are: ${Object.keys(values).sort().join(", ")}`;
    throw new DagsmithError("INVALID_ARGUMENT", { argument: "field", reason });
  }
  return connectionOf(connection, without(values, names));
}

const without = (values: Values, names: readonly string[]): Values =>
  Object.fromEntries(Object.entries(values).filter(([name]) => !names.includes(name)));

/** All fields that are set, by name. */
export function valuesOf({ host, port, login, password, schema, extra }: Connection): Values {
  const all = { ...extra, host, port, login, password, schema };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null));
}

function propertiesOf(schema: Json): Readonly<Record<string, Schema>> {
  const { properties } = schema as { readonly properties?: Readonly<Record<string, Schema>> };
  return properties ?? {};
}
