/** Params from what a form sent, and what was sent as the form shows it again. */
import type { Json } from "../../../sdk/json.ts";
import type { ParamField, ParamGroup, Presence } from "./param_field.ts";

type Sent = Readonly<Record<string, string>>;

export const valueName = ({ name }: ParamField): string => `p:${name}`;
export const presenceName = ({ name }: ParamField | ParamGroup): string => `is:${name}`;

export interface SentParams {
  readonly params: Json;
  /** By field name: what is wrong with texts that are no value of their kind. */
  readonly problems: Readonly<Record<string, string>>;
}

/**
 * Text that cannot be read stays text among the params. Browsers end lines with CR LF.
 */
export function sentParams(fields: readonly ParamField[], sent: Sent): SentParams {
  const problems: Record<string, string> = {};
  const params: Record<string, Json> = {};
  for (const field of fields) {
    const around = aroundOf(field, params, sent);
    const read = around === undefined ? undefined : readField(field, sent);
    if (around === undefined || read === undefined) continue;
    if ("problem" in read) problems[field.name] = read.problem;
    put(around, field.key, "value" in read ? read.value : textOf(field, sent));
  }
  return { params: wholeOf(fields, params), problems };
}

/**
 * The object that gets the value: the params, or the object of the group, which is made
 * here. Undefined when the group is null or left out.
 */
function aroundOf(
  { group }: ParamField,
  params: Record<string, Json>,
  sent: Sent,
): Record<string, Json> | undefined {
  if (group === null) return params;
  const presence = groupPresence(group, sent);
  if (presence === "null") put(params, group.name, null);
  if (presence !== "value") return undefined;
  if (!Object.hasOwn(params, group.name)) put(params, group.name, {});
  return params[group.name] as Record<string, Json>;
}

/** As a property of its own, also under a name like __proto__. */
function put(object: Record<string, Json>, name: string, value: Json): void {
  Object.defineProperty(object, name, {
    ...{ value, enumerable: true, configurable: true, writable: true },
  });
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

/** What a group stands for, in a form that was sent or not. */
export function groupPresence(group: ParamGroup, sent: Sent): Presence {
  if (sent._form === undefined) return group.initial;
  const chosen = sent[presenceName(group)];
  return group.presences.find((presence) => presence === chosen) ?? "value";
}

/** The form as a browser sends it when nothing was changed. */
export function sentAtFirst(fields: readonly ParamField[]): Sent {
  const sent: Record<string, string> = { _form: "" };
  for (const field of fields) {
    if (field.group) sent[presenceName(field.group)] = field.group.initial;
    sent[presenceName(field)] = field.initial.presence;
    sent[valueName(field)] = field.initial.text;
  }
  return sent;
}

function presenceOf(field: ParamField, sent: Sent): Presence {
  const chosen = sent[presenceName(field)];
  return field.presences.find((presence) => presence === chosen) ?? "value";
}

/**
 * What a field shows: what was sent, or its initial value in a form that was not sent.
 */
export function shownIn(
  field: ParamField,
  sent: Sent,
): { readonly presence: Presence; readonly text: string } {
  if (sent._form === undefined) return field.initial;
  return { presence: presenceOf(field, sent), text: textOf(field, sent) };
}
