/** Params from what a form sent, and what was sent as the form shows it again. */
import type { Json } from "../../../sdk/json.ts";
import type { ParamField, Presence } from "./param_field.ts";

type Sent = Readonly<Record<string, string>>;

export const valueName = ({ name }: ParamField): string => `p:${name}`;
export const presenceName = ({ name }: ParamField): string => `is:${name}`;

export interface SentParams {
  readonly params: Json;
  /** By field name: what is wrong with texts that are no value of their kind. */
  readonly problems: Readonly<Record<string, string>>;
}

/** Text that cannot be read stays text among the params. Browsers end lines with CR LF. */
export function sentParams(fields: readonly ParamField[], sent: Sent): SentParams {
  const problems: Record<string, string> = {};
  const params: Record<string, Json> = {};
  for (const field of fields) {
    const read = readField(field, sent);
    if (read === undefined) continue;
    if ("problem" in read) problems[field.name] = read.problem;
    params[field.name] = "value" in read ? read.value : textOf(field, sent);
  }
  return { params: wholeOf(fields, params), problems };
}

/** The one field of params without known fields is all of them. */
function wholeOf(fields: readonly ParamField[], params: Readonly<Record<string, Json>>): Json {
  return fields.length === 1 && fields[0]?.name === "" ? (params[""] ?? {}) : params;
}

/** Undefined when the param is left out. */
function readField(
  field: ParamField,
  sent: Sent,
): { readonly value: Json } | { readonly problem: string } | undefined {
  const presence = presenceOf(field, sent);
  if (presence === "left_out" || !isSent(field, sent)) return undefined;
  if (presence === "null") return { value: null };
  const read = field.control.read(textOf(field, sent));
  if (!("isEmpty" in read)) return read;
  const mayBeEmpty = !field.isRequired && field.presences.length === 1;
  return mayBeEmpty ? undefined : { problem: "needs a value" };
}

/** Boxes of which none is ticked send nothing. */
const isSent = (field: ParamField, sent: Sent): boolean =>
  field.control.kind === "choices" || sent[valueName(field)] !== undefined;

const textOf = (field: ParamField, sent: Sent): string =>
  (sent[valueName(field)] ?? "").replaceAll("\r\n", "\n");

function presenceOf(field: ParamField, sent: Sent): Presence {
  const chosen = sent[presenceName(field)];
  return field.presences.find((presence) => presence === chosen) ?? "value";
}

/** What a field shows: what was sent, or its initial value in a form that was not sent. */
export function shownIn(
  field: ParamField,
  sent: Sent,
): { readonly presence: Presence; readonly text: string } {
  if (sent._form === undefined) return field.initial;
  return { presence: presenceOf(field, sent), text: textOf(field, sent) };
}
