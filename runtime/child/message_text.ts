/**
 * Writes messages as JSON text inside a process that runs user code. `JSON.stringify`
 * asks every object for `toJSON`, which a task may have put on `Object.prototype`. This
 * asks for nothing.
 */

// Taken before user code is loaded, which may replace them.
const { stringify } = JSON;
const { isArray } = Array;
const { keys } = Object;

/** The JSON text of a plain value. Properties that are undefined are left out. */
export function messageText(value: unknown): string {
  if (typeof value !== "object" || value === null) return stringify(value) ?? "null";
  return isArray(value) ? listText(value) : objectText(value as Readonly<Record<string, unknown>>);
}

function listText(list: readonly unknown[]): string {
  let text = "";
  for (let index = 0; index < list.length; index++)
    text += (index === 0 ? "" : ",") + messageText(list[index]);
  return `[${text}]`;
}

function objectText(object: Readonly<Record<string, unknown>>): string {
  let text = "";
  const names = keys(object);
  for (let index = 0; index < names.length; index++) {
    const name = names[index] as string;
    if (object[name] !== undefined)
      text += `${text === "" ? "" : ","}${stringify(name)}:${messageText(object[name])}`;
  }
  return `{${text}}`;
}
