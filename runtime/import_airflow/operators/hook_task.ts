/** Tasks that call one method of a hook's client. */
import { code } from "../code.ts";
import type { Value } from "../evaluate/value.ts";
import type { Carry } from "../options/carry.ts";
import { textsExpression } from "../templates/field.ts";
import { contextFunction, runValue } from "../templates/run_value.ts";
import { type Declaration, taskWith } from "./declaration.ts";

interface HookCall {
  /** Such as `aws:s3Hook`. */
  readonly hook: string;
  /** The id of the connection. */
  readonly connection: Value;
  /** The call of the client's method; gets the texts of the arguments. */
  readonly method: (texts: readonly string[]) => string;
  readonly args: readonly Value[];
  readonly imports?: readonly string[];
}

/** A task that awaits the method, and has no output. */
export function hookTask(
  { hook, connection, method, args, imports = [] }: HookCall,
  carry: Carry,
): Declaration {
  const [id, ...parts] = [connection, ...args].map((value) => textsExpression(value, carry));
  const name = hook.slice(hook.indexOf(":") + 1);
  const client = `(await hook(${name}(${id?.text})))`;
  const values = [id, ...parts].flatMap((part) => part?.values ?? []);
  const called = `${client}.${method(parts.map(({ text }) => text))}`;
  const body = contextFunction(`{ await ${called}; }`, [
    runValue("", "text", ["hook"], true),
    ...values,
  ]);
  return taskWith(code(body, hook, ...imports));
}
